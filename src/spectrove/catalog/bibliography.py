"""What to cite: the publications of the methods, services and software that a catalog was made with, as BibTeX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from spectrove.errors import CatalogError
from spectrove.storage import write_bytes


@dataclass(frozen=True)
class Publication:
    """
    One entry of a bibliography.

    Attributes
    ----------
    kind : str
        BibTeX's type of it.
    fields : tuple of pairs of str
        Names and values, in order; letters beyond ASCII as BibTeX spells them.
    """

    kind: str
    fields: tuple[tuple[str, str], ...]


def _article(author: str, title: str, journal: str, volume: str, pages: str, **more: str) -> Publication:
    fields = {"author": author, "title": "{" + title + "}", "journal": journal, "volume": volume, "pages": pages, **more}
    return Publication("article", tuple(fields.items()))


def _proceedings(author: str, title: str, booktitle: str, pages: str, **more: str) -> Publication:
    fields = {"author": author, "title": "{" + title + "}", "booktitle": booktitle, "pages": pages, **more}
    return Publication("inproceedings", tuple(fields.items()))


def _standard(author: str, title: str, year: str, url: str) -> Publication:
    fields = {"author": author, "title": "{" + title + "}", "howpublished": "IVOA Recommendation", "year": year, "url": url}
    return Publication("misc", tuple(fields.items()))


ASP = "Astronomical Society of the Pacific Conference Series"
RAA = "Research in Astronomy and Astrophysics"
ADASS = "Astronomical Data Analysis Software and Systems"

PUBLICATIONS: Mapping[str, Publication] = MappingProxyType(
    {
        "2020A&A...643A.122S": _article(
            r"{\v{S}}koda, Petr and Podsztavek, Ond{\v{r}}ej and Tvrd{\'{\i}}k, Pavel",
            "Active deep learning method for the discovery of objects of interest in large spectroscopic surveys",
            r"Astronomy \& Astrophysics", "643", "A122", year="2020", doi="10.1051/0004-6361/201936090",
        ),
        "2012RAA....12.1197C": _article(
            "Cui, Xiang-Qun and Zhao, Yong-Heng and Chu, Yao-Quan and others",
            "The Large Sky Area Multi-Object Fiber Spectroscopic Telescope (LAMOST)",
            RAA, "12", "1197", year="2012", doi="10.1088/1674-4527/12/9/003",
        ),
        "2012RAA....12..723Z": _article(
            "Zhao, Gang and Zhao, Yong-Heng and Chu, Yao-Quan and Jing, Yi-Peng and Deng, Li-Cai",
            "LAMOST spectral survey --- An overview",
            RAA, "12", "723", year="2012", doi="10.1088/1674-4527/12/7/002",
        ),
        "2002Chawla": _article(
            "Chawla, Nitesh V. and Bowyer, Kevin W. and Hall, Lawrence O. and Kegelmeyer, W. Philip",
            "SMOTE: Synthetic Minority Over-sampling Technique",
            "Journal of Artificial Intelligence Research", "16", "321--357", year="2002", doi="10.1613/jair.953",
        ),
        "2017Lemaitre": _article(
            r"Lema{\^{\i}}tre, Guillaume and Nogueira, Fernando and Aridas, Christos K.",
            "Imbalanced-learn: A Python Toolbox to Tackle the Curse of Imbalanced Datasets in Machine Learning",
            "Journal of Machine Learning Research", "18", "1--5", number="17", year="2017",
        ),
        "2019Paszke": _proceedings(
            "Paszke, Adam and Gross, Sam and Massa, Francisco and others",
            "PyTorch: An Imperative Style, High-Performance Deep Learning Library",
            "Advances in Neural Information Processing Systems 32", "8024--8035", year="2019",
        ),
        "1948Shannon": _article(
            "Shannon, C. E.", "A Mathematical Theory of Communication",
            "Bell System Technical Journal", "27", "379--423", year="1948", doi="10.1002/j.1538-7305.1948.tb01338.x",
        ),
        "1952Horvitz": _article(
            "Horvitz, D. G. and Thompson, D. J.",
            "A Generalization of Sampling Without Replacement from a Finite Universe",
            "Journal of the American Statistical Association", "47", "663--685", year="1952",
            doi="10.1080/01621459.1952.10483446",
        ),
        "1934Clopper": _article(
            "Clopper, C. J. and Pearson, E. S.",
            "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial",
            "Biometrika", "26", "404--413", year="1934", doi="10.1093/biomet/26.4.404",
        ),
        "2006AN....327..862V": _article(
            "Vollmann, K. and Eversberg, T.", "Remarks on statistical errors in equivalent widths",
            "Astronomische Nachrichten", "327", "862", year="2006", eprint="astro-ph/0606341", archiveprefix="arXiv",
        ),
        "2008ASPC..394..505S": _proceedings(
            "Stoehr, F. and White, R. and Smith, M. and others",
            r"DER\_SNR: A Simple \& General Spectroscopic Signal-to-Noise Measurement Algorithm",
            f"{ADASS} XVII", "505", series=ASP, volume="394", year="2008",
        ),
        "2014A&C.....7..108S": _article(
            r"{\v{S}}koda, P. and Draper, P. W. and Neves, M. C. and Andre{\v{s}}i{\v{c}}, D. and Jenness, T.",
            "Spectroscopic analysis in the virtual observatory environment with SPLAT-VO",
            "Astronomy and Computing", "7--8", "108", year="2014", doi="10.1016/j.ascom.2014.06.001",
        ),
        "1982ApJ...257..423H": _article(
            "Huchra, J. P. and Geller, M. J.", "Groups of galaxies. I. Nearby groups",
            "Astrophysical Journal", "257", "423--437", year="1982", doi="10.1086/160000",
        ),
        "2016RAA....16..138H": _article(
            "Hou, Wen and Luo, A-Li and Hu, Jing-Yao and others",
            r"A catalog of early-type emission-line stars and H$\alpha$ line profiles from LAMOST DR2",
            RAA, "16", "138", year="2016", eprint="1604.03704", archiveprefix="arXiv",
        ),
        "2000A&AS..143....9W": _article(
            "Wenger, M. and Ochsenbein, F. and Egret, D. and others",
            "The SIMBAD astronomical database. The CDS reference database for astronomical objects",
            r"Astronomy \& Astrophysics Supplement Series", "143", "9--22", year="2000", doi="10.1051/aas:2000332",
        ),
        "2012ASPC..461..291B": _proceedings(
            "Boch, T. and Pineau, F. and Derriere, S.", "The CDS Cross-Match Service",
            f"{ADASS} XXI", "291", series=ASP, volume="461", year="2012",
        ),
        "2020ASPC..522..125P": _proceedings(
            r"Pineau, F. and Boch, T. and Derri{\`{e}}re, S. and Schaaff, A.",
            "The CDS Cross-match Service: Key Figures, Internals and Future Plans",
            f"{ADASS} XXVII", "125", series=ASP, volume="522", year="2020",
        ),
        "2005ASPC..347...29T": _proceedings(
            "Taylor, M. B.", r"TOPCAT \& STIL: Starlink Table/VOTable Processing Software",
            f"{ADASS} XIV", "29", series=ASP, volume="347", year="2005",
        ),
        "2019VOTable": _standard(
            "Ochsenbein, F. and Taylor, M. and Donaldson, T. and others", "VOTable Format Definition 1.4",
            "2019", "https://www.ivoa.net/documents/VOTable/",
        ),
        "2022MOC": _standard(
            "Fernique, P. and Nebot, A. and Durand, D. and others", "MOC: Multi-Order Coverage map 2.0",
            "2022", "https://www.ivoa.net/documents/MOC/",
        ),
        "2013A&A...558A..33A": _article(
            "{Astropy Collaboration}", "Astropy: A community Python package for astronomy",
            r"Astronomy \& Astrophysics", "558", "A33", year="2013", doi="10.1051/0004-6361/201322068",
        ),
        "2018AJ....156..123A": _article(
            "{Astropy Collaboration}",
            "The Astropy Project: Building an Open-science Project and Status of the v2.0 Core Package",
            "Astronomical Journal", "156", "123", year="2018", doi="10.3847/1538-3881/aabc4f",
        ),
        "2022ApJ...935..167A": _article(
            "{Astropy Collaboration}",
            "The Astropy Project: Sustaining and Growing a Community-oriented Open-source Project and the Latest Major Release "
            "(v5.0) of the Core Package",
            "Astrophysical Journal", "935", "167", year="2022", doi="10.3847/1538-4357/ac7c74",
        ),
        "2020Natur.585..357H": _article(
            "Harris, Charles R. and Millman, K. Jarrod and van der Walt, St{\\'{e}}fan J. and others",
            "Array programming with NumPy", "Nature", "585", "357--362", year="2020", doi="10.1038/s41586-020-2649-2",
        ),
        "2020NatMe..17..261V": _article(
            "Virtanen, Pauli and Gommers, Ralf and Oliphant, Travis E. and others",
            "SciPy 1.0: fundamental algorithms for scientific computing in Python",
            "Nature Methods", "17", "261--272", year="2020", doi="10.1038/s41592-019-0686-2",
        ),
    }
)  # fmt: skip
"""Every publication by its key: ADS's bibcode, or year and name where a key is ours."""

METHODS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "active-learning": ("2020A&A...643A.122S",),
        "lamost": ("2012RAA....12.1197C", "2012RAA....12..723Z"),
        "smote": ("2002Chawla", "2017Lemaitre"),
        "network": ("2019Paszke",),
        "entropy": ("1948Shannon",),
        "audit": ("1952Horvitz",),
        "binomial-limits": ("1934Clopper",),
        "equivalent-widths": ("2006AN....327..862V",),
        "noise": ("2008ASPC..394..505S",),
        "mirror-velocities": ("2014A&C.....7..108S",),
        "groups": ("1982ApJ...257..423H",),
        "hou-2016": ("2016RAA....16..138H",),
        "simbad": ("2000A&AS..143....9W",),
        "x-match": ("2012ASPC..461..291B", "2020ASPC..522..125P"),
        "topcat": ("2005ASPC..347...29T",),
        "votable": ("2019VOTable",),
        "footprint": ("2022MOC",),
        "astropy": ("2013A&A...558A..33A", "2018AJ....156..123A", "2022ApJ...935..167A"),
        "numpy": ("2020Natur.585..357H",),
        "scipy": ("2020NatMe..17..261V",),
    }
)
"""What a catalog can have been made with, and the keys of what to cite for it."""

ALWAYS = ("active-learning", "astropy", "numpy", "scipy", "network", "votable")
"""Methods without which there is no catalog."""


def bibtex(methods: Iterable[str]) -> str:
    """
    Return the bibliography of some methods.

    Parameters
    ----------
    methods : iterable of str
        Keys of `METHODS`; those of `ALWAYS` need not be named.

    Returns
    -------
    str
        BibTeX in ASCII, each publication once, in the order of `METHODS`.

    Raises
    ------
    CatalogError
        If there is no such method.
    """
    wanted = {*ALWAYS, *methods}
    if unknown := sorted(wanted - METHODS.keys()):
        msg = f"bibliography: no method is called {unknown[0]!r}, expected some of {', '.join(METHODS)}"
        raise CatalogError(msg)
    keys = dict.fromkeys(key for method, cited in METHODS.items() if method in wanted for key in cited)
    return "\n".join(_entry(key, PUBLICATIONS[key]) for key in keys)


def write_bibtex(path: Path, methods: Iterable[str]) -> int:
    """
    Write the bibliography of some methods.

    Parameters
    ----------
    path : Path
        Where; replaced if it exists, whole or not at all.
    methods : iterable of str
        Keys of `METHODS`; those of `ALWAYS` need not be named.

    Returns
    -------
    int
        Number of publications.

    Raises
    ------
    CatalogError
        If there is no such method.
    StorageError
        If the disk is full or cannot be written.
    """
    text = bibtex(methods)
    write_bytes(path, text.encode("ascii"))
    return text.count("\n@") + 1


def _entry(key: str, publication: Publication) -> str:
    lines = (f"  {name:<13} = {{{value}}},\n" for name, value in publication.fields)
    return f"@{publication.kind}{{{key},\n{''.join(lines)}}}\n"

"""Answers say more of themselves, people are measured and reveals are noted; older campaigns show nothing twice, as before."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAMES = ("quality", "flags", "shown", "shown_at", "purpose", "undoes")


def upgrade() -> None:
    op.add_column("answer", sa.Column("quality", sa.Integer, nullable=True))
    op.add_column("answer", sa.Column("flags", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("answer", sa.Column("shown", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("answer", sa.Column("shown_at", sa.String, nullable=False, server_default=""))
    op.add_column("answer", sa.Column("purpose", sa.String, nullable=False, server_default="vote"))
    op.add_column("answer", sa.Column("undoes", sa.String, nullable=False, server_default=""))
    op.create_table(
        "check_question",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("iteration", sa.Integer, nullable=False),
        sa.Column("annotator", sa.String, nullable=False),
        sa.Column("spectrum_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.UniqueConstraint("iteration", "annotator", "spectrum_id", name="one_check_a_person"),
    )
    op.create_table(
        "reveal",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("annotator", sa.String, nullable=False),
        sa.Column("spectrum_id", sa.String, nullable=False),
        sa.Column("revealed_at", sa.String, nullable=False),
    )
    op.create_index("reveal_by_spectrum", "reveal", ["spectrum_id"])
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER reveals_are_never_{verb.lower()}d BEFORE {verb} ON reveal "
            "BEGIN SELECT RAISE(ABORT, 'reveals are only ever added'); END"
        )
    op.execute(
        "UPDATE campaign SET settings = json_set(settings, '$.review', "
        'json(\'{"second_votes": 0.0, "repeats": 0.0, "gold": 0.0}\')) '
        "WHERE json_extract(settings, '$.review') IS NULL"
    )


def downgrade() -> None:
    op.drop_table("reveal")
    op.drop_table("check_question")
    for name in reversed(NAMES):
        op.drop_column("answer", name)

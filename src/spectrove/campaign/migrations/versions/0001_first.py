"""The first tables: campaign, training sets, iterations, questions, and answers that are only ever added."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("created_at", sa.String, nullable=False),
        sa.Column("software", sa.String, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("pool_path", sa.String, nullable=False),
        sa.Column("pool_hash", sa.String, nullable=False),
    )
    op.create_table(
        "training_set",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pool_path", sa.String, nullable=False),
        sa.Column("pool_hash", sa.String, nullable=False),
        sa.Column("labels_path", sa.String, nullable=False),
        sa.Column("labels_hash", sa.String, nullable=False),
        sa.Column("n_unknown", sa.Integer, nullable=False),
    )
    op.create_table(
        "training_label",
        sa.Column("training_set", sa.Integer, sa.ForeignKey("training_set.id"), primary_key=True),
        sa.Column("spectrum_id", sa.String, primary_key=True),
        sa.Column("label", sa.String, nullable=False),
    )
    op.create_table(
        "iteration",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("started_at", sa.String, nullable=False),
        sa.Column("closed_at", sa.String),
        sa.Column("checkpoint", sa.String),
        sa.Column("checkpoint_hash", sa.String),
        sa.Column("scores", sa.String),
        sa.Column("trained", sa.JSON),
        sa.Column("population", sa.JSON),
        sa.Column("estimate", sa.JSON),
        sa.Column("decision", sa.JSON),
    )
    op.create_table(
        "question",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("iteration", sa.Integer, sa.ForeignKey("iteration.number"), nullable=False),
        sa.Column("spectrum_id", sa.String, nullable=False),
        sa.Column("arm", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("utility", sa.Float),
        sa.Column("inclusion_probability", sa.Float),
        sa.Column("predicted", sa.String, nullable=False),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.UniqueConstraint("iteration", "arm", "spectrum_id", name="one_question_an_arm"),
    )
    op.create_index("question_by_spectrum", "question", ["spectrum_id"])
    op.create_table(
        "answer",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("answer_id", sa.String, nullable=False, unique=True),
        sa.Column("spectrum_id", sa.String, nullable=False),
        sa.Column("label", sa.String),
        sa.Column("annotator", sa.String, nullable=False),
        sa.Column("answered_at", sa.String, nullable=False),
        sa.Column("comment", sa.String, nullable=False),
    )
    op.create_index("answer_by_spectrum", "answer", ["spectrum_id"])
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER answers_are_never_{verb.lower()}d BEFORE {verb} ON answer "
            "BEGIN SELECT RAISE(ABORT, 'answers are only ever added'); END"
        )


def downgrade() -> None:
    for table in ("answer", "question", "iteration", "training_label", "training_set", "campaign"):
        op.drop_table(table)

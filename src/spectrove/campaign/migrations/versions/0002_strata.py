"""Questions say which part of the population they were drawn from; older campaigns keep drawing from predicted targets alone."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("question", sa.Column("stratum", sa.String, nullable=False, server_default=""))
    # Campaigns begun before audits were drawn by strata go on as they began.
    op.execute(
        "UPDATE campaign SET settings = json_set(settings, '$.audit.design', 'predicted') "
        "WHERE json_extract(settings, '$.audit.design') IS NULL"
    )


def downgrade() -> None:
    op.drop_column("question", "stratum")

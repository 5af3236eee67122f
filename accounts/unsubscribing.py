"""The link of a digest that ends it, with one click and without signing in (RFC 8058)."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from core.errors import Invalid

# It says who, and no more can be done with it; so it does not expire: whoever finds an old mail may still end them.
_signer = signing.Signer(salt="accounts.unsubscribe")


def unsubscribe_url(user_id: int) -> str:
    """In the query, which no access log of ours has."""
    return f"{settings.PUBLIC_URL}{reverse('account-unsubscribe')}?token={_signer.sign(str(user_id))}"


def reader_of(token: str) -> int:
    """The id of the person whose link it is. Raises Invalid (`link_invalid`)."""
    try:
        return int(_signer.unsign(token))
    except (signing.BadSignature, ValueError) as error:
        raise Invalid("This link is not complete: copy it whole.", code="link_invalid") from error

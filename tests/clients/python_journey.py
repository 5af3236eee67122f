"""What a program does with the package that openapi-python-client makes: argv is the server's address and a photo."""

import io
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from simmer_client import AuthenticatedClient, Client  # type: ignore[import-not-found]
from simmer_client.api.auth import auth_register, auth_token
from simmer_client.api.discovery import feed_list
from simmer_client.api.me import me_picture_set
from simmer_client.api.oauth import oauth_revoke_token, oauth_token
from simmer_client.api.recipes import recipes_create, recipes_import, recipes_rate
from simmer_client.api.users import users_follow
from simmer_client.models import (
    FeedListOrder,
    GrantTypeEnum,
    OAuthTokenFormRequest,
    PictureFormRequest,
    RatingInputRequest,
    RecipeFormRequest,
    RecipeImportInputRequest,
    RecipeImportInputRequestJsonldType0,
    RegisterFormRequest,
    RegisterInputRequest,
    RevocationFormRequest,
    RoleEnum,
    TokenInputRequest,
)
from simmer_client.types import File

URL, PHOTO = sys.argv[1], Path(sys.argv[2]).read_bytes()
PASSWORD = "a long enough pass phrase"


def photo() -> File:
    return File(payload=io.BytesIO(PHOTO), file_name="photo.png", mime_type="image/png")


def signed_in(username: str) -> AuthenticatedClient:
    body = TokenInputRequest(username=username, password=PASSWORD)
    reply: Any = auth_token.sync(client=client, body=body)
    return AuthenticatedClient(base_url=URL, token=reply.access)


client = Client(base_url=URL)
number = secrets.token_hex(4)
registered: Any = auth_register.sync(
    client=client,
    body=RegisterFormRequest(
        email=f"seller{number}@example.com",
        username=f"seller{number}",
        password=PASSWORD,
        role=RoleEnum.SELLER,
        profile_picture=photo(),
    ),
)
email = f"customer{number}@example.com"
auth_register.sync(
    client=client, body=RegisterInputRequest(email=email, username=f"customer{number}", password=PASSWORD)
)
seller, customer = signed_in(f"seller{number}"), signed_in(f"customer{number}")

form = RecipeFormRequest(name="Leek soup", description="Hot.", ingredients='["2 leeks"]', image=photo())
recipe: Any = recipes_create.sync(client=seller, body=form)
rated: Any = recipes_rate.sync(recipe.id, client=customer, body=RatingInputRequest(score=5))
followed: Any = users_follow.sync(f"seller{number}", client=customer)
feed: Any = None
deadline = time.monotonic() + 60
# A worker brings what the followed seller has published before.
while feed is None or (not feed.results and time.monotonic() < deadline):
    feed = feed_list.sync(client=customer, order=FeedListOrder.LATEST)
node = RecipeImportInputRequestJsonldType0.from_dict({"@type": "Recipe", "name": "Toast"})
imported: Any = recipes_import.sync(client=seller, body=RecipeImportInputRequest(jsonld=node))
picture: Any = me_picture_set.sync(client=customer, body=PictureFormRequest(picture=photo()))
token = OAuthTokenFormRequest(
    grant_type=GrantTypeEnum.REFRESH_TOKEN, client_id="simmer-unknown", refresh_token="unknown"
)
refused: Any = oauth_token.sync_detailed(client=client, body=token)
revocation = RevocationFormRequest(token="unknown", client_id="simmer-unknown")
revoked: Any = oauth_revoke_token.sync_detailed(client=client, body=revocation)
print(
    json.dumps(
        {
            "picture": registered.user.picture.status,
            "new picture": picture.status,
            "recipe": recipe.name,
            "image": recipe.image.status,
            "average": rated.avg_rating,
            "followers": followed.follower_count,
            "feed": [post.recipe.name for post in feed.results],
            "imported": imported.recipe.name,
            "oauth": refused.parsed.error,
            "revoked": int(revoked.status_code),
        }
    )
)

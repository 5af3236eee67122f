/** What a TypeScript client does with generated types alone: no casts, no `any`. */
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const [url, sellerName, customerName, password, photo] = process.argv.slice(2);

function required<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

/** A recipe is read as Simmer's JSON or as JSON-LD: the field tells which it is. */
function stepsOf(recipe: { steps?: unknown[] } | { recipeInstructions?: unknown[] }): number {
  return "steps" in recipe && recipe.steps !== undefined ? recipe.steps.length : -1;
}

async function signedIn(username: string) {
  const client = createClient<paths>({ baseUrl: url });
  const reply = required(await client.POST("/api/auth/token/", { body: { username, password } }));
  client.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${reply.access}`);
    },
  });
  return client;
}

const seller = await signedIn(sellerName);
const customer = await signedIn(customerName);
const recipe = required(
  await seller.POST("/api/recipes/", {
    body: {
      name: "Leek soup",
      description: "Hot.",
      image: photo,
      tags: ["soup"],
      ingredients: ["2 leeks", { raw: "1 l stock" }],
      steps: ["Sweat.", { text: "Simmer.", timer_seconds: 600 }],
    },
    params: { header: { "Idempotency-Key": "one-soup" } },
  }),
);
const path = { recipe_id: recipe.id };
const rated = required(
  await customer.POST("/api/recipes/{recipe_id}/rate/", { params: { path }, body: { score: 5, review: "Good." } }),
);
const followed = required(
  await customer.PUT("/api/users/{username}/follow/", { params: { path: { username: sellerName } } }),
);
let feed = required(await customer.GET("/api/feed/", { params: { query: { order: "latest" } } }));
// A worker brings what the followed seller has published before.
for (const deadline = Date.now() + 60_000; feed.results.length === 0 && Date.now() < deadline; ) {
  feed = required(await customer.GET("/api/feed/", { params: { query: { order: "latest" } } }));
}
const imported = required(
  await seller.POST("/api/recipes/import/", {
    body: { jsonld: { "@type": "Recipe", name: "Toast", recipeIngredient: ["1 slice bread"] } },
  }),
);
const detail = await customer.GET("/api/recipes/{recipe_id}/", { params: { path } });
const tag = detail.response.headers.get("ETag") ?? "";
const again = await customer.GET("/api/recipes/{recipe_id}/", {
  params: { path, header: { "If-None-Match": tag } },
});
console.log(
  JSON.stringify({
    avg: rated.avg_rating,
    followers: followed.follower_count,
    feed: feed.results.map((item) => item.recipe?.name ?? null),
    imported: imported.recipe.name,
    warnings: imported.warnings,
    image: recipe.image?.status ?? null,
    steps: stepsOf(required(detail)),
    again: again.response.status,
  }),
);

#!/usr/bin/env bash
# Follows a recipe's ratings as Server-Sent Events: bash follow_events.sh 1
# What EventSource does, by hand: read fields line by line, keep the last id, come back with it.
set -uo pipefail

url=${SIMMER_URL:-http://localhost:8000}
channel=recipe:$1
access='' last='' pause=2

sign_in() {
  access=$(jq -n '{username: env.SIMMER_USERNAME, password: env.SIMMER_PASSWORD}' |
    curl -sS --fail "$url/api/auth/token/" -H 'Content-Type: application/json' -d @- | jq -r .access)
}

# One event: its name is empty for a publication.
heard() {
  case $1 in
    '') jq -r --unbuffered 'select(.data.type | startswith("rating."))
          | "\(.offset) \(.data.type): \(.data.avg_rating) of \(.data.rating_count)"' <<<"$2" ;;
    # After a day, or 5,000 events: the values are absolute, so one read of the recipe makes up for all of them.
    reset) echo 'too much was missed: read the recipe again' ;;
    unsubscribed) echo "you may no longer read $channel" >&2; exit 1 ;;
    end) echo "the stream ends: $2" >&2 ;;
  esac
}

while :; do
  sign_in || { sleep "$pause"; continue; }
  event='' data='' said=''
  while IFS= read -r line; do
    case $line in
      'id: '*) last=${line#id: }; [ -n "$said" ] || echo "following $channel"; said=yes ;;
      'event: '*) event=${line#event: } ;;
      'data: '*) data=${line#data: } ;;
      # In milliseconds: how long the server wants us to wait before we come back.
      'retry: '*) pause=$(( (${line#retry: } + 999) / 1000 )) ;;
      '') [ -z "$data" ] || heard "$event" "$data"; event='' data='' ;;
    esac
  done < <(curl -sS --fail-with-body --no-buffer "$url/api/events/?channel=$channel" \
    -H "Authorization: Bearer $access" ${last:+-H "Last-Event-ID: $last"})
  case $data$line in *'"status":404'*) echo "$line" >&2; exit 1 ;; esac
  sleep "$pause"
done

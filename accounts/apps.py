from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import authorizers, events, exports, identities  # noqa: F401  events registers the event types
        from accounts.backups import alarms
        from realtime.channels import only_that_person, register_hidden_actors, register_identities, register_namespace

        alarms.register()
        exports.register()
        register_identities(
            verify_token=identities.verify_token,
            live_sessions=identities.live_sessions,
            read_token=identities.read_token,
        )
        register_hidden_actors(authorizers.hidden_actors)
        register_namespace(
            "user",
            authorize=authorizers.readers_of_user,
            description="A person's follows and what they publish for everyone.",
        )
        register_namespace(
            "inbox",
            authorize=only_that_person,
            description="What concerns one person alone: their media, sessions and notifications.",
            server_side=True,
        )

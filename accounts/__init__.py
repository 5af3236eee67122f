"""People: users, profiles, sessions, follows; sign-in and account care."""

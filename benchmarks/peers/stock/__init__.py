"""The recipes of Simmer in stock Django REST Framework: ModelViewSet, ModelSerializer, PageNumberPagination.

Served by the `daphne` command through Django's own ASGI handler with nine usual middleware and psycopg2. Queries are
joined and prefetched, the aggregates are stored columns and tags a JSON column: beginners' mistakes are not in it.
"""

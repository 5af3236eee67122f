"""The daily digest: at six in the morning, Monday to Friday, in each person's own time zone, once and no more.

`calendar` says which day it is where. Beat only ticks: `planning` then asks the database which zones there are and
which of them have begun their day, writes a row of the ledger for each person of those that have not, and asks for the
jobs that send. `sending` takes rows in turn (`ledger`), reads what there is to say (`contents`), writes it (`letter`)
and sends it, many over one connection.

Any number of beats and workers may run, be late, and be killed: a zone's day is begun by whoever writes its DigestRun,
a person has one row a day, and a row leaves `pending` once, before its mail is handed over.
"""

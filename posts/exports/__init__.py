"""The data export: what of it is of this app (contents), the ZIP that all is put into, and who asks for it when."""

"""Hits may be lost in a crash: no write-ahead log for them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("http", "0001_initial")]
    operations = [
        migrations.RunSQL("ALTER TABLE http_hits SET UNLOGGED", "ALTER TABLE http_hits SET LOGGED")
    ]

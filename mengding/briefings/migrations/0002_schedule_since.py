import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("briefings", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="since",
            # Of those there are: nothing from before this version is made afterwards.
            field=models.DateField(default=datetime.date.today, verbose_name="自"),
            preserve_default=False,
        ),
    ]

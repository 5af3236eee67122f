from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('media_pipeline', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='media',
            name='size',
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]

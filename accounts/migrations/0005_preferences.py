from django.db import migrations, models


class Migration(migrations.Migration):
    """How mails reach people. New columns with constant defaults: no row is rewritten."""

    dependencies = [
        ('accounts', '0004_search_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='profile',
            name='digest',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name='profile',
            name='timezone',
            field=models.CharField(db_default='UTC', default='UTC', max_length=64),
        ),
        migrations.AddField(
            model_name='profile',
            name='email_notifications',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddIndex(
            model_name='profile',
            index=models.Index(
                condition=models.Q(('digest', True)), fields=['timezone', 'user'], name='profile_digest_zone'
            ),
        ),
    ]

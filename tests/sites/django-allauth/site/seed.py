import django; django.setup()
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model

user, new = get_user_model().objects.get_or_create(username="lea", defaults={"email": "lea@example.test"})
if new:
    user.set_password("lea-Pass-88")
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import include, path


@login_required
def bookings(request):
    return render(request, "bookings.html", {"places": ["Lisbon", "Turku"]})


urlpatterns = [path("accounts/", include("allauth.urls")), path("bookings/", bookings),
               path("", lambda request: redirect("/bookings/"))]

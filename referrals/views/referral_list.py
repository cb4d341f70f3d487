from django.http import HttpResponse


def referral_list(request, *args, **kwargs):
    return HttpResponse("")

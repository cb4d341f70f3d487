from django.http import HttpResponse


def referral_detail(request, *args, **kwargs):
    return HttpResponse("")


def referral_link(request, *args, **kwargs):
    return HttpResponse("")


def referral_unlink(request, *args, **kwargs):
    return HttpResponse("")

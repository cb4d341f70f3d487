from django.http import HttpResponse


def connect(request, *args, **kwargs):
    return HttpResponse("")


def start_code(request, *args, **kwargs):
    return HttpResponse("")


def state(request, *args, **kwargs):
    return HttpResponse("")


def cancel_code(request, *args, **kwargs):
    return HttpResponse("")


def start_browser(request, *args, **kwargs):
    return HttpResponse("")


def callback(request, *args, **kwargs):
    return HttpResponse("")


def sign_out(request, *args, **kwargs):
    return HttpResponse("")

from django.http import HttpResponse


def sync_now(request, *args, **kwargs):
    return HttpResponse("")


def run_list(request, *args, **kwargs):
    return HttpResponse("")


def run_detail(request, *args, **kwargs):
    return HttpResponse("")


def light(request, *args, **kwargs):
    return HttpResponse("")

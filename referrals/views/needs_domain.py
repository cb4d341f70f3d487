from django.http import HttpResponse


def needs_domain(request, *args, **kwargs):
    return HttpResponse("")

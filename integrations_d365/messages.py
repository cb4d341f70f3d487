"""What people read for the codes of this room: a sentence, and what to do next."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# Why something cannot be asked for now (pushing.PushRefused.reason).
REFUSED: Final[dict[str, Any]] = {
    "off": _("Dynamics 365 is switched off. Set HUNTER_D365_ENABLED=true to turn it on."),
    "not_configured": _(
        "Dynamics 365 is not set up: HUNTER_D365_BASE_URL, HUNTER_D365_CLIENT_ID, HUNTER_D365_CLIENT_SECRET or "
        "HUNTER_D365_TENANT_ID is missing."
    ),
    "no_verdict": _("This lead has no verdict yet. Scan it first."),
    "closed": _("This lead is closed in Dynamics. Hunter does not write to it any more."),
    "taken": _("Another lead of Hunter is this lead in Dynamics already. Leave this one alone, or look at both."),
    "all_leads": _("This view filters nothing, or holds filters that Hunter does not know: it would push every lead."),
    "decision": _("Somebody has to decide about this lead first; the choices are on its Dynamics page."),
}
# Why a push or the connection failed, by error category: (what happened, what to do).
FAILURES: Final[dict[str, tuple[Any, Any]]] = {
    "auth": (
        _("Microsoft does not accept the sign-in of the application."),
        _("Check client id, client secret and tenant id, then check the connection again."),
    ),
    "permission": (
        _("The application user may not do this in Dynamics."),
        _("An administrator of Dynamics has to give it the security role for leads: create, read and write."),
    ),
    "rate_limit": (
        _("Dynamics asks for a pause."),
        _("Nothing to do: Hunter waits as long as it was told and goes on by itself."),
    ),
    "validation": (
        _("Dynamics did not accept the content of this lead."),
        _("Read what Dynamics said, mend the lead or the column there, then retry."),
    ),
    "conflict": (
        _("Dynamics knows another lead that this one collides with."),
        _("Look at the lead in Dynamics, then retry."),
    ),
    "network": (
        _("Dynamics could not be reached."),
        _("Nothing to do at first: Hunter tries again by itself. If it stays, check network and proxy."),
    ),
    "server": (
        _("Dynamics has trouble at the moment."),
        _(
            "Nothing to do at first: Hunter tries again by itself. If it stays, give the request id to your "
            "administrator."
        ),
    ),
    "config": (
        _("The connection to Dynamics is not set up correctly."),
        _("Check the settings that begin with HUNTER_D365, then check the connection again."),
    ),
}
_WRONG_SECRET: Final = (
    _("The client secret is wrong."),
    _("Create a new secret in the app registration and put its value, not its id, into HUNTER_D365_CLIENT_SECRET."),
)
_KEY: Final = _(
    "An administrator runs “python manage.py d365_setup” on Hunter's server; the application user needs the role "
    "System Customizer meanwhile."
)
# What is known better than by the category, by error code (fact sheet, sections 1, 3, 4 and 7).
_BY_CODE: Final[dict[str, tuple[Any, Any]]] = {
    "AADSTS7000215": _WRONG_SECRET,
    "AADSTS7000216": _WRONG_SECRET,
    "AADSTS7000222": (
        _("The client secret has expired."),
        _("Create a new secret in the app registration and put it into HUNTER_D365_CLIENT_SECRET."),
    ),
    "AADSTS700016": (
        _("Microsoft does not know the app registration in this tenant."),
        _("Check HUNTER_D365_CLIENT_ID and HUNTER_D365_TENANT_ID."),
    ),
    "AADSTS90002": (_("Microsoft does not know this tenant."), _("Check HUNTER_D365_TENANT_ID.")),
    "invalid_tenant": (_("Microsoft does not know this tenant."), _("Check HUNTER_D365_TENANT_ID.")),
    "AADSTS500011": (
        _("The tenant does not know this environment."),
        _("Check HUNTER_D365_BASE_URL: the address of the environment, such as https://contoso.crm4.dynamics.com."),
    ),
    "AADSTS53003": (
        _("A conditional access policy blocks the application."),
        _("Ask the administrator of your Microsoft tenant to allow it."),
    ),
    "0x80072560": (
        _("The application is not a user in this environment."),
        _(
            "An administrator of Dynamics creates an application user for the app registration: Power Platform admin "
            "center, the environment, Settings, Users + permissions, Application users."
        ),
    ),
    "0x80040220": (
        _("The security role of the application user lacks a privilege."),
        _("An administrator of Dynamics gives it a role with create, read and write on leads of the organisation."),
    ),
    "0x80040217": (
        _("The lead was not found in Dynamics (deleted)."),
        _("Nothing is brought back by itself. Create it again, or leave it."),
    ),
    "0x80040265": (
        _("A plug-in in your Dynamics refused this lead."),
        _("Read what it said, mend the lead or ask who owns the plug-in, then retry."),
    ),
    "0x80040333": (
        _("A duplicate detection rule in Dynamics refused this lead."),
        _("Look for the similar lead in Dynamics; merge them or change the rule, then retry."),
    ),
    "0x80060892": (
        _("Another lead in Dynamics has this domain."),
        _("Decide on the lead's Dynamics page whether it is the same company."),
    ),
    "0x80044331": (
        _("A text is longer than its column in Dynamics."),
        _("Check the connection again, so that Hunter learns the new length, then retry."),
    ),
    "no_option": (
        _("A choice in Dynamics lacks the value that Hunter sends."),
        _("An administrator runs “python manage.py d365_setup” on Hunter's server. Then retry."),
    ),
    "column_missing": (
        _("A column that Hunter writes is not there any more."),
        _("An administrator runs “python manage.py d365_setup” on Hunter's server. Then check the connection again."),
    ),
    "key_inactive": (_("The key on the domain column is not active."), _KEY),
    "key_missing": (_("The key on the domain column is missing."), _KEY),
    "key_building": (
        _("Dynamics is still building the key on the domain column."),
        _("Nothing to do: Hunter looks again by itself. On a big table it takes a while."),
    ),
    "key_failed": (
        _("Dynamics could not build the key: two leads have the same domain."),
        _("Remove the duplicates in Dynamics, then run: python manage.py d365_setup."),
    ),
    "column_essential": (_("The columns for domain and Hunter id are missing or have another type."), _KEY),
    "other_environment": (
        _("This is another environment than the one that leads were pushed into."),
        _("Somebody has to say on “Check the connection” whether to start anew, or whether it is a copy."),
    ),
    "malformed": (
        _("Dynamics sent an answer that cannot be read."),
        _("Nothing to do at first: Hunter asks again. If it stays, give the request id to your administrator."),
    ),
}
# Why a push is parked, when it is no error: (what happened, what to do). By models.Reason.
PARKED: Final[dict[str, tuple[Any, Any]]] = {
    "foreign": (
        _("Dynamics has a lead with this domain that Hunter did not make."),
        _("Look at it, then decide: take it over, or leave it alone."),
    ),
    "deleted": (
        _("The lead was deleted in Dynamics."),
        _("Nothing is brought back by itself. Create it again, or leave it."),
    ),
    "no_verdict": (
        _("The scan brought no verdict, so there is nothing to send."),
        _("Scan the lead again, then retry."),
    ),
}
# What a check found (preflight.problems); the detail follows.
PROBLEMS: Final[dict[str, Any]] = {
    "key_missing": _("The key on the domain column is missing; without it nothing can be pushed."),
    "key_building": _("Dynamics is still building the key on the domain column; pushes wait."),
    "key_failed": _("The key on the domain column failed: two leads have the same domain."),
    "column_essential": _("A column that nothing works without is missing or has another type:"),
    "column_missing": _("This column is missing and is left out:"),
    "column_type": _("This column has another type and is left out:"),
    "column_short": _("This column is shorter than usual; longer texts are cut:"),
    "options_missing": _("This choice lacks values; leads with them leave the column out:"),
}
# What happened to a column of one lead (mapping.Note.kind); the detail follows.
NOTES: Final[dict[str, Any]] = {
    "missing": _("left out: the column is missing in Dynamics"),
    "other_type": _("left out: the column has another type in Dynamics"),
    "no_option": _("left out: the choice has no such value in Dynamics"),
    "too_long": _("left out: too long for its column"),
    "cut": _("shortened to fit its column"),
}

# Who mends what a check found, and how.
FIXES: Final[dict[str, Any]] = {
    "key_missing": _KEY,
    "key_building": _("Nobody: Hunter looks again by itself."),
    "key_failed": _(
        "Whoever looks after the leads in Dynamics removes the duplicates; then: python manage.py d365_setup."
    ),
    "column_essential": _KEY,
    "column_missing": _KEY,
    "column_type": _("An administrator of Dynamics: the column was made by somebody else; remove or rename it there."),
    "column_short": _("An administrator of Dynamics makes the column longer, or nobody: the rest is cut."),
    "options_missing": _KEY,
}
# Error categories in a word, for filters.
CATEGORIES: Final[dict[str, Any]] = {
    "validation": _("Content not accepted"),
    "conflict": _("Conflict with another lead"),
    "permission": _("Permission missing"),
    "auth": _("Sign-in of the application"),
    "config": _("Set-up"),
    "rate_limit": _("Asked for a pause"),
    "network": _("Not reached"),
    "server": _("Trouble in Dynamics"),
}
# The columns of a lead in Dynamics (columns.COLUMNS), as people call them here.
COLUMN_NAMES: Final[dict[str, Any]] = {
    "hnt_domain": _("Domain"),
    "hnt_externalid": _("Hunter's id"),
    "hnt_finalscore": _("Score"),
    "hnt_priorityscore": _("Priority 1–7"),
    "hnt_prioritycategory": _("Priority P1–P6"),
    "hnt_prioritylabel": _("Priority in words"),
    "hnt_leadsegment": _("Segment"),
    "hnt_provider": _("Mail provider"),
    "hnt_huntertenantsize": _("Size of the organisation"),
    "hnt_infrasummary": _("Mail and security in a line"),
    "hnt_confidence": _("Confidence"),
    "hnt_technicalheat": _("Technical heat"),
    "hnt_commercialsegment": _("Commercial segment"),
    "hnt_commercialheat": _("Commercial heat"),
    "hnt_m365fitscore": _("Score of a Microsoft 365 customer"),
    "hnt_m365matchtags": _("Tags of a Microsoft 365 customer"),
    "hnt_source": _("Source"),
    "hnt_ispartnercenterreferral": _("Comes from Partner Center"),
    "hnt_referralid": _("Referral id"),
    "hnt_referraltype": _("Kind of referral"),
    "hnt_isreenriched": _("Changed since its first scan"),
    "hnt_hunterautoscoreversion": _("Rules version"),
    "hnt_intelligencejson": _("Rows of the score"),
    "hnt_tenantid": _("Microsoft tenant"),
    "hnt_d365leadid": _("Id of the lead in Dynamics"),
    "hnt_lastsynctime": _("Last push"),
    "hnt_syncattemptcount": _("Attempts"),
    "hnt_processingstatus": _("Processing state"),
    "hnt_syncerrormessage": _("Error of the last push"),
    "hnt_pushstatus": _("Push state"),
    "subject": _("Topic"),
    "companyname": _("Company"),
    "lastname": _("Last name"),
    "websiteurl": _("Website"),
    "emailaddress1": _("E-mail"),
    "address1_city": _("City"),
    "address1_country": _("Country"),
    "description": _("Description"),
    "leadqualitycode": _("Rating"),
    "leadsourcecode": _("Lead source"),
}


def failure(category: str, code: str = "") -> tuple[Any, Any]:
    """(what happened, what to do) for an error."""
    return _BY_CODE.get(code) or FAILURES.get(category, FAILURES["server"])


def parked(reason: str, category: str, code: str) -> tuple[Any, Any]:
    """(what happened, what to do) for a parked push."""
    return PARKED.get(reason) or failure(category, code)

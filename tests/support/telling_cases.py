# ruff: noqa: E501 - rows of deliveries
"""A small delivery of our own with the most telling of the public cases, so that a clone without them is guarded too.

Each person is one case. Consent was given on 10 January 2026, confirmed, unless the name of the case says otherwise.
"""

from __future__ import annotations

from pathlib import Path

# People of the shop by what happened to their permission for e-mail, and whether they may be written to.
PERMISSIONS = {
    "1": ("nothing", True),
    "2": ("the shop says unsubscribed, without a time", False),
    "3": ("the shop says unsubscribed, at a time before the consent", True),
    "4": ("no consent but the shop's, confirmed and dated", True),
    "5": ("no consent but the shop's, dated and not confirmed", False),
    "6": ("no consent but the shop's, confirmed and without a time", False),
    "7": ("no consent but the shop's, whose account was then deleted", False),
    "8": ("the sending tool has suppressed the profile", False),
    "9": ("the sending tool excluded the address, and has deleted the exclusion", False),
    "10": ("withdrew, and the record of it was deleted", False),
    "11": ("the record of the consent was deleted", False),
    "12": ("opted out under a CRM contact that was merged into another, and deleted", False),
    "13": ("withdrew in the shop and gave consent again later", True),
    "14": ("withdrew under an address written in another way", False),
    "15": ("unsubscribed in the sending tool, which then deleted event and profile", False),
}
FILES = {
    "shopify/customer": """
id,first_name,last_name,email,phone,created_at,updated_at,email_marketing_consent_state,email_marketing_consent_opt_in_level,email_marketing_consent_consent_updated_at,sms_marketing_consent_state,sms_marketing_consent_consent_updated_at,_fivetran_deleted,_fivetran_synced
1,Ada,One,p1@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,,,,,,2026-02-01 00:00:00
2,Bea,Two,p2@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,,,,,,2026-02-01 00:00:00
2,Bea,Two,p2@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,unsubscribed,,,,,,2026-03-01 00:00:00
3,Cleo,Three,p3@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,unsubscribed,,2025-12-01 10:00:00,,,,2026-02-01 00:00:00
4,Dora,Four,p4@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,SUBSCRIBED,CONFIRMED_OPT_IN,2026-01-10 10:00:00,,,,2026-02-01 00:00:00
5,Eve,Five,p5@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,single_opt_in,2026-01-10 10:00:00,,,,2026-02-01 00:00:00
6,Fay,Six,p6@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,confirmed_opt_in,,,,,2026-02-01 00:00:00
7,Gina,Seven,p7@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,confirmed_opt_in,2026-01-10 10:00:00,,,,2026-02-01 00:00:00
7,,,,,,,,,,,,true,2026-03-01 00:00:00
8,Hal,Eight,p8@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
9,Ivy,Nine,p9@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
10,Jo,Ten,p10@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
11,Kim,Eleven,p11@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
12,Lea,Twelve,p12@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
13,Moe,Thirteen,p13@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,unsubscribed,,2025-12-01 10:00:00,,,,2026-02-01 00:00:00
14,Ned,Fourteen,p14@example.com,07700 900014,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,unsubscribed,2026-03-01 10:00:00,,2026-03-02 00:00:00
15,Oda,Fifteen,p15@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
21,William,Short,short@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
22,Dr Bill,Short,mailto:SHORT@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
23,Mark,Alike,alike@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
24,Marie,Alike,alike@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
25,Ann,Phone,,07700 900025,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
26,Ann,Phone,,'+447700900025,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
27,Ann,Phone,,447700900025,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
41,Pia,Again,,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,confirmed_opt_in,,,,,2026-02-01 00:00:00
41,Pia,Again,p41@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,confirmed_opt_in,,,,,2026-02-01 00:00:00
41,Pia,Later,p41@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,confirmed_opt_in,,,,,2026-03-01 00:00:00
42,Rob,Dated,p42@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,confirmed_opt_in,2026-01-10 10:00:00,,,,2026-02-01 00:00:00
42,Rob,Dated,p42@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,confirmed_opt_in,2026-01-12 10:00:00,,,,2026-02-01 00:00:00
42,Rob,Anew,p42@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,subscribed,confirmed_opt_in,2026-02-20 10:00:00,,,,2026-03-01 00:00:00
31,Sue,Deleted,p31@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
32,Tom,Stale,p32@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,,2026-02-01 00:00:00
33,Una,Both,p33@example.com,,2025-01-01 10:00:00,2025-01-01 10:00:00,,,,,,true,2026-02-01 00:00:00
""",
    "consent/consent_event": """
event_id,email,phone,channel,purpose,status,occurred_at,_fivetran_deleted,synced_at
c1,p1@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c2,p2@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c3,p3@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c8,p8@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c9,p9@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c10,p10@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c10w,p10@example.com,,email,marketing,opted_out,2026-02-10 09:00:00,,2026-02-10 10:00:00
c10w,p10@example.com,,email,marketing,opted_out,2026-02-10 09:00:00,true,2026-03-10 10:00:00
c11,p11@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c11,p11@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,true,2026-03-10 10:00:00
c12,p12@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c13,p13@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c14,p14@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c14w,"""
    # Full width, with a zero-width space and a full stop at the end.
    "\uff50\uff11\uff14\uff20example.com\u200b."
    """,,email,marketing,opted_out,2026-02-10 09:00:00,,2026-02-10 10:00:00
c14s,,+44 7700 900014,sms,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
c15,p15@example.com,,email,marketing,opted_in,2026-01-10 09:00:00,,2026-01-10 10:00:00
""",
    "klaviyo/person": """
id,email,first_name,last_name,created,updated,subscriptions_email_marketing_consent,subscriptions_email_marketing_can_receive_email_marketing,_fivetran_deleted,_fivetran_synced
K8,p8@example.com,Hal,Eight,2025-01-01 10:00:00,2025-01-01 10:00:00,SUBSCRIBED,false,false,2026-03-01 00:00:00
K15,p15@example.com,Oda,Fifteen,2025-01-01 10:00:00,2025-01-01 10:00:00,SUBSCRIBED,true,false,2026-02-01 00:00:00
K15,p15@example.com,Oda,Fifteen,2025-01-01 10:00:00,2025-01-01 10:00:00,SUBSCRIBED,true,true,2026-03-01 00:00:00
K33,p33@example.com,Una,Both,2025-01-01 10:00:00,2025-01-01 10:00:00,,,true,2026-03-01 00:00:00
""",
    "klaviyo/event": """
id,person_id,type,datetime,_fivetran_deleted,_fivetran_synced
TE1,K8,Clicked Email,2026-06-01 10:00:00,false,2026-06-02 00:00:00
TE2,K8,Clicked Email,2026-06-02 10:00:00,true,2026-06-03 00:00:00
TE15,K15,Unsubscribed from Email Marketing,2026-02-10 10:00:00,true,2026-03-01 00:00:00
""",
    "klaviyo/global_exclusion": """
email,reason,timestamp,_fivetran_deleted,_fivetran_synced
p9@example.com,UNSUBSCRIBED,2026-02-10 10:00:00,false,2026-02-11 00:00:00
p9@example.com,UNSUBSCRIBED,2026-02-10 10:00:00,true,2026-03-11 00:00:00
""",
    "hubspot/contact": """
id,property_email,property_firstname,property_lastname,property_createdate,property_hs_email_optout,property_hs_merged_object_ids,_fivetran_deleted,_fivetran_synced
901,p12.old@example.com,Lea,Twelve,2025-01-01 10:00:00,true,,false,2026-02-01 00:00:00
901,p12.old@example.com,Lea,Twelve,2025-01-01 10:00:00,true,,true,2026-03-01 00:00:00
902,p12.other@example.com,Lea,Twelve,2025-01-01 10:00:00,,901,false,2026-03-01 00:00:00
903,p12@example.com,Lea,Twelve,2025-01-01 10:00:00,,901;902,false,2026-03-01 00:00:00
""",
    "hubspot/contact_list": """
id,name,processing_type,created_at,updated_at,_fivetran_deleted,_fivetran_synced
91,Kept,MANUAL,2025-01-01 10:00:00,2025-01-01 10:00:00,false,2026-02-01 00:00:00
92,Deleted,MANUAL,2025-01-01 10:00:00,2025-01-01 10:00:00,true,2026-02-01 00:00:00
""",
    "hubspot/contact_list_member": """
contact_list_id,contact_id,added_at,_fivetran_deleted,_fivetran_synced
91,903,2025-02-01 10:00:00,false,2026-02-01 00:00:00
91,902,2025-02-01 10:00:00,true,2026-02-01 00:00:00
92,903,2025-02-01 10:00:00,false,2026-02-01 00:00:00
""",
    "shopify/order": """
id,customer_id,name,currency,taxes_included,total_line_items_price,total_discounts,subtotal_price,total_tax,total_price,financial_status,fulfillment_status,created_at,updated_at,test,_fivetran_deleted,_fivetran_synced
41,31,#41,GBP,true,50.00,0,50.00,0,50.00,paid,fulfilled,2026-05-04 11:00:00,2026-05-04 11:00:00,false,false,2026-05-05 00:00:00
41,31,#41,GBP,true,50.00,0,50.00,0,50.00,paid,fulfilled,2026-05-04 11:00:00,2026-05-04 11:00:00,false,true,2026-06-01 00:00:00
42,31,#42,GBP,true,20.00,0,20.00,0,20.00,paid,fulfilled,2026-05-04 11:00:00,2026-05-04 11:00:00,false,,2026-05-05 00:00:00
43,32,#43,GBP,true,30.00,0,30.00,0,30.00,paid,fulfilled,2026-05-04 11:00:00,2026-05-04 11:05:00,false,,2026-05-04 11:06:00
43,32,#43,GBP,true,30.00,0,30.00,0,30.00,pending,,2026-05-04 11:00:00,2026-05-04 11:00:00,false,,2026-05-04 11:09:00
44,33,#44,GBP,true,40.00,0,40.00,0,40.00,paid,fulfilled,2026-05-04 11:00:00,2026-05-04 11:00:00,false,,2026-05-05 00:00:00
""",
    "shopify/order_line": """
id,order_id,sku,title,price,quantity,gift_card,_fivetran_synced
411,41,HAT,Hat,50.00,1,false,2026-05-05 00:00:00
421,42,HAT,Hat,20.00,1,false,2026-05-05 00:00:00
431,43,HAT,Hat,30.00,1,false,2026-05-05 00:00:00
441,44,HAT,Hat,40.00,1,false,2026-05-05 00:00:00
""",
    "shopify/transaction": """
id,order_id,amount,currency,kind,status,gateway,processed_at,_fivetran_synced
412,41,50.00,GBP,sale,success,klarna,2026-05-04 11:00:00,2026-05-05 00:00:00
422,42,20.00,GBP,sale,success,klarna,2026-05-04 11:00:00,2026-05-05 00:00:00
432,43,30.00,GBP,sale,success,klarna,2026-05-04 11:00:00,2026-05-05 00:00:00
442,44,40.00,GBP,sale,success,klarna,2026-05-04 11:00:00,2026-05-05 00:00:00
""",
    "zendesk/user": """
id,email,name,role,created_at,updated_at,_fivetran_synced
801,p31@example.com,Sue Deleted,end-user,2025-01-01 10:00:00,2025-01-01 10:00:00,2026-02-01 00:00:00
""",
    "zendesk/ticket": """
id,requester_id,subject,description,type,priority,status,via_channel,created_at,updated_at,_fivetran_deleted,_fivetran_synced
811,801,Late,late,problem,high,open,email,2026-06-20 09:00:00,2026-06-20 09:00:00,false,2026-06-21 00:00:00
812,801,Late,late,problem,high,open,email,2026-06-20 09:00:00,2026-06-20 09:00:00,true,2026-06-21 00:00:00
""",
    "crm/profile": """
profile_id,email,phone,first_name,last_name,birth_date,country_code,created_at,updated_at,synced_at
51,harper@example.com,,John,Harper,1950-02-03,GB,2024-03-01 10:00:00,2024-03-01 10:00:00,2024-03-01 10:00:00
52,harper@example.com,,John,Harper,1982-11-20,GB,2024-03-01 10:00:00,2024-03-01 10:00:00,2024-03-01 10:00:00
53,,0151 23456789,Ilse,Brandt,,DE,2024-03-01 10:00:00,2024-03-01 10:00:00,2024-03-01 10:00:00
54,,+49 151 23456789,Ilse,Brandt,,DE,2024-03-01 10:00:00,2024-03-01 10:00:00,2024-03-01 10:00:00
""",
    "loyalty/member": """
loyalty_number,email,first_name,last_name,joined_at,updated_at,synced_at
H1,021cb20b5c78751fc7ddc091b6b69b3e,Hana,Hashed,2025-01-01 10:00:00,2025-01-01 10:00:00,2026-02-01 00:00:00
H2,021cb20b5c78751fc7ddc091b6b69b3e,Hana,Hashed,2025-01-01 10:00:00,2025-01-01 10:00:00,2026-02-01 00:00:00
""",
    "web/identifies": """
id,anonymous_id,user_id,email,received_at,timestamp
w1,w1,Undefined,p1@example.com,2026-06-01 10:00:00,2026-06-01 10:00:00
w2,w2,Undefined,p2@example.com,2026-06-01 10:00:00,2026-06-01 10:00:00
w3,w3,[object Object],p3@example.com,2026-06-01 10:00:00,2026-06-01 10:00:00
w4,w4,[object Object],p4@example.com,2026-06-01 10:00:00,2026-06-01 10:00:00
""",
}  # fmt: skip


def deliver(landing: Path) -> None:
    """Write the files below a landing folder."""
    for name, content in FILES.items():
        file = landing / name / "telling.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content.strip() + "\n", encoding="utf-8")

"""The keys that name a secret unless others are given."""

from __future__ import annotations

__all__ = ["DEFAULT_QUERY_KEYS"]

# The first line is the list of semantic conventions (`url.query`, note on redaction).
DEFAULT_QUERY_KEYS = frozenset(
    """
    X-Amz-Signature X-Amz-Credential X-Amz-Security-Token AWSAccessKeyId Signature sig X-Goog-Signature
    X-Goog-Credential shared_access_signature shared_access_key account_key hdnea hdnts signed_request hmac
    token access_token refresh_token id_token id_token_hint auth_token session_token csrf_token xsrf_token
    csrfmiddlewaretoken authenticity_token csrf xsrf jwt bearer auth authorization proxy_authorization
    oauth_token oauth_signature oauth_verifier assertion client_assertion code_verifier
    code auth_code authorization_code device_code user_code verification_code recovery_code access_code passcode
    ticket SAMLResponse SAMLRequest SAMLart wresult magic_link
    password passwd pwd pass passphrase password_confirmation password_confirm
    secret client_secret api_secret app_secret private_key secret_key secret_access_key signing_key encryption_key
    api_key apikey key app_key auth_key access_key access_key_id subscription_key master_key license_key ssh_key
    signature credential credentials
    session session_id session_key sess sid PHPSESSID JSESSIONID ASPSESSIONID cookie set_cookie
    otp totp one_time_password mfa_code otp_code sms_code cvv cvc card_number cc_number ssn
    """.split()
)
"""Keys whose values are masked: semantic conventions' seven, and common ones.

Compared without case, digits at the end of a word, ``-``, ``_``, ``.``, camelCase and brackets. A key that is listed matches the
whole key, or one bracketed part of it. ``country_code``, ``sort_key`` or ``keyword`` are therefore left alone.
"""

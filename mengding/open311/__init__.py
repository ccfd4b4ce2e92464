"""Open311 GeoReport v2 at /open311/v2/, in JSON and XML.

What is decided here, where the standard leaves room or our cases differ from its requests:

- One report is one service request; its id is the report's. A report merged into another case
  keeps its id and follows that case.
- Only reports of public classes appear (`cases.queries.open311.public`); a class that is not
  public does not exist here, neither to list nor to post.
- `status` is closed once the case has ended, however it ended. `status_notes` is the newest public
  reply, `service_notice` the closing condition once filed, `expected_datetime` the deadline for
  handling or, before one runs, that of the current stage. `address_id` is the code of the deepest
  division, and is taken as a place when posting. We know no `zipcode`.
- Phone numbers, identity numbers and e-mail addresses that people write into public texts are
  starred out (`masking`). Photos sent as `media` go to the staff and are never published unseen;
  `media_url` is checked for its form and never fetched. `device_id` and `account_id` are not kept.
- An id is given at once, so no tokens are handed out; as a token the id itself is understood.
- `start_date` alone means the 90 days from it, `end_date` alone the 90 days up to it. With
  `updated_after` or `updated_before` and neither of those, the span is that of the updates.
- Updates (mySociety's extension): public replies and changes of stage, newest first. An update
  posted by another system becomes an internal note on the case: the words are the sender's, nobody
  has read them yet, and its `status` is noted, not obeyed. Its sender's `update_id` is taken once.
- The key is a token of this platform whose post may take reports in (`api_key`, or a bearer
  header); a browser's session is no key.
"""

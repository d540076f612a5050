-- A contact is in a call while an attempt of it is live; its own row says so no more. A contact's number never changes,
-- and one attempt of a number is live at a time: so is one of a contact, without an index of its own.
drop index attempt_live;

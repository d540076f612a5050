"""Names of columns that several kinds of files have."""

PHONE_NAMES = """
    phonenumber phone sodienthoai sdt dienthoai mobile mobilephone mobilenumber mobileno didong sodidong dienthoaididong
    sodienthoaididong dtdd phoneno phonenum cellphone cell tel telephone telephonenumber telephoneno telno phone1
    phone1value primaryphone contactnumber msisdn sodt dt sothuebao sodienthoailienhe somay
"""
"""Names of columns of phone numbers as `text.normalized` makes them, the clearest first."""

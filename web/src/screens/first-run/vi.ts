import type { Translated } from "../../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  title: "Thiết lập Tongdai",
  intro: "Chưa có người dùng nào. Người đầu tiên là chủ sở hữu và có mọi quyền.",
  token: "Mã khởi tạo",
  tokenHint: "Máy chủ in mã này khi khởi động. Trang này chỉ dùng được trên chính máy chủ.",
  tenant: "Tên công ty",
  name: "Họ tên của bạn",
  login: "Email hoặc số điện thoại của bạn",
  password: "Mật khẩu",
  passwordHint: "Ít nhất 10 ký tự",
  act: "Tạo chủ sở hữu",
};

import type { Translated } from "../../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  title: "Tài khoản của tôi",
  login: "Tên đăng nhập",
  until: "Phiên đăng nhập đến",
  change: "Đổi mật khẩu",
  current: "Mật khẩu hiện tại",
  next: "Mật khẩu mới",
  act: "Đổi mật khẩu",
  done: "Đã đổi mật khẩu.",
};

import type { Translated } from "../../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  title: "Đặt mật khẩu mới",
  noToken: "Liên kết này không đầy đủ. Hãy xin chủ sở hữu liên kết khác.",
  password: "Mật khẩu mới",
  repeated: "Nhập lại mật khẩu mới",
  differ: "Hai mật khẩu không giống nhau.",
  act: "Đặt mật khẩu",
  done: "Đã đặt mật khẩu. Hãy đăng nhập bằng mật khẩu mới.",
  signIn: "Đến trang đăng nhập",
};

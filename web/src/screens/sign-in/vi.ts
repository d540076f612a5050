import type { Translated } from "../../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  title: "Đăng nhập",
  login: "Email hoặc số điện thoại",
  password: "Mật khẩu",
  act: "Đăng nhập",
  wrong: "Sai email, số điện thoại hoặc mật khẩu.",
  limited: (seconds) => `Bạn đã thử quá nhiều lần. Hãy thử lại sau ${seconds} giây.`,
  openid: (name) => `Đăng nhập bằng ${name}`,
  forgotten: "Quên mật khẩu? Chủ sở hữu có thể gửi cho bạn liên kết đặt mật khẩu mới.",
  version: (version) => `Phiên bản ${version}`,
};

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
  openidFailed: {
    unavailable: (name) => `Hiện không kết nối được ${name}. Hãy thử lại hoặc đăng nhập bằng mật khẩu.`,
    failed: (name) => `Đăng nhập qua ${name} không thành công hoặc quá lâu. Hãy thử lại.`,
    unverified: (name) => `${name} không có địa chỉ e-mail nào của bạn đã được xác minh.`,
    unknown_user: (name) => `${name} nhận ra bạn, nhưng e-mail của bạn chưa được phép đăng nhập ở đây. Hãy nhờ chủ sở hữu thêm bạn.`,
  },
  forgotten: "Quên mật khẩu? Chủ sở hữu có thể gửi cho bạn liên kết đặt mật khẩu mới.",
  version: (version) => `Phiên bản ${version}`,
};

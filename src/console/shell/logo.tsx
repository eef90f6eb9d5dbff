import logo from '../herald.svg'

export function Logo() {
  return (
    <span className="logo">
      <img src={logo} alt="" width="26" height="26" />
      Herald
    </span>
  )
}

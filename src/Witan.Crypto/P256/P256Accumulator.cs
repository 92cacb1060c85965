using System.Runtime.InteropServices;

namespace Witan.Crypto;

/// <summary>
/// A running sum in extended Jacobian coordinates: x = X/ZZ, y = Y/ZZZ with ZZ^3 = ZZZ^2; ZZ = 0 is the identity. The
/// formulas are those of Sutherland for short Weierstrass curves with a = -3, with all exceptional cases.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct P256Accumulator
{
    private P256Field _x, _y, _zz, _zzz;

    internal readonly bool IsIdentity => _zz.IsZero;

    internal void Add(in P256PublicPoint point)
    {
        if (IsIdentity)
        {
            (_x, _y, _zz, _zzz) = (point.X, point.Y, P256Field.One, P256Field.One);
            return;
        }

        P256Field p = (point.X * _zz) - _x;
        P256Field r = (point.Y * _zzz) - _y;
        if (p.IsZero)
        {
            Same(r);
            return;
        }

        P256Field pp = p.Square();
        P256Field ppp = p * pp;
        Finish(_x * pp, r, ppp, _y * ppp);
        _zz *= pp;
        _zzz *= ppp;
    }

    internal void Add(in P256Accumulator other)
    {
        if (other.IsIdentity)
            return;
        if (IsIdentity)
        {
            this = other;
            return;
        }

        P256Field u1 = _x * other._zz;
        P256Field s1 = _y * other._zzz;
        P256Field p = (other._x * _zz) - u1;
        P256Field r = (other._y * _zzz) - s1;
        if (p.IsZero)
        {
            Same(r);
            return;
        }

        P256Field pp = p.Square();
        P256Field ppp = p * pp;
        Finish(u1 * pp, r, ppp, s1 * ppp);
        _zz = _zz * other._zz * pp;
        _zzz = _zzz * other._zzz * ppp;
    }

    internal void Double()
    {
        // No point of order two exists, so y is never zero.
        if (IsIdentity)
            return;
        P256Field u = _y + _y;
        P256Field v = u.Square();
        P256Field w = u * v;
        P256Field s = _x * v;
        // 3x^2 - 3ZZ^2 = 3(x - ZZ)(x + ZZ)
        P256Field m = (_x - _zz) * (_x + _zz);
        m = m + m + m;
        P256Field x = m.Square() - s - s;
        _y = (m * (s - x)) - (w * _y);
        _x = x;
        _zz *= v;
        _zzz *= w;
    }

    internal readonly P256PublicPoint? ToPoint()
    {
        if (IsIdentity)
            return null;
        P256Field inverse = _zzz.Invert();
        // 1/ZZ = ZZ^2 / ZZZ^2
        P256Field overZz = (_zz * inverse).Square();
        return new P256PublicPoint(_x * overZz, _y * inverse);
    }

    private void Same(P256Field r)
    {
        if (r.IsZero)
            Double();
        else
            this = default;
    }

    private void Finish(P256Field q, P256Field r, P256Field ppp, P256Field yppp)
    {
        _x = r.Square() - ppp - q - q;
        _y = (r * (q - _x)) - yppp;
    }
}

using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation.Ias;

/// <summary>
/// Flipped bits and truncations of body, signature and certificate: reject, or the very same claims. One report is enumerated bit by
/// bit here, of the others every byte; <c>eng/fuzz.sh ias-report</c> enumerates every bit of all.
/// </summary>
public class ReportMutationTests
{
    public static TheoryData<string> Signed => [.. IasCase.Signed];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Signed))]
    public void Every_flip_and_every_truncation_of_body_and_signature_is_refused(string name)
    {
        IasCase real = IasCase.Load(name);
        bool all = name == IasCase.Signed.Last();
        int accepted = 0;
        void Try(byte[] body, byte[] signature) => Interlocked.Add(ref accepted, Passes(body, signature, real.Certificate) ? 1 : 0);
        Assert.True(Passes(real.Body, real.Signature, real.Certificate));
        if (all)
            Parallel.For(0, real.Body.Length * 8, bit => Try(Flip(real.Body, bit), real.Signature));
        else
            Parallel.For(0, real.Body.Length, at => Try(Flip(real.Body, (at * 8) + (at % 8)), real.Signature));
        Parallel.For(0, real.Body.Length, length => Try(real.Body[..length], real.Signature));
        Parallel.For(0, real.Signature.Length * 8, bit => Try(real.Body, Flip(real.Signature, bit)));
        for (int length = 0; length < 344; length++)
            Try(real.Body, real.Signature[..length]);
        Try([.. real.Body, (byte)'\n'], real.Signature);
        Assert.Equal(0, accepted);
    }

    [Fact]
    public void A_changed_certificate_is_refused_or_is_the_same_certificate()
    {
        IasCase real = IasCase.Load(IasCase.Signed.Last());
        string? fingerprint = real.Verify().SignerFingerprint;
        int accepted = 0;
        Parallel.For(0, real.Certificate.Length * 9, index =>
        {
            byte[] changed = index < real.Certificate.Length * 8 ? Flip(real.Certificate, index) : real.Certificate[..(index - (real.Certificate.Length * 8))];
            if (!IasCase.TryVerify(real.Body, real.Signature, changed, IasTrustRoot.Intel, IasCase.Now, out IasFacts? facts, out _) || facts!.Authenticity != Authenticity.Genuine)
                return;
            Assert.Equal(fingerprint, facts.SignerFingerprint);
            Interlocked.Increment(ref accepted);
        });
        // Only line ends of the PEM can change without a change of the certificate: into another white space, or not at all.
        Assert.InRange(accepted, 0, 2 * real.Certificate.AsSpan().Count((byte)'\n'));
    }

    private static bool Passes(byte[] body, byte[] signature, byte[] certificate) =>
        IasCase.TryVerify(body, signature, certificate, IasTrustRoot.Intel, IasCase.Now, out IasFacts? facts, out _) && facts!.Authenticity == Authenticity.Genuine;

    private static byte[] Flip(byte[] from, int bit)
    {
        byte[] changed = [.. from];
        changed[bit / 8] ^= (byte)(1 << (bit % 8));
        return changed;
    }
}

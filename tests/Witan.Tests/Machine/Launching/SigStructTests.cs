using System.Security.Cryptography;
using Witan.Machine;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Machine.Launching;

/// <summary>SIGSTRUCT: a real one signed by Intel, and ours, with every field that the signature covers.</summary>
public class SigStructTests
{
    [Fact]
    public void A_real_signature_verifies_with_its_quotients()
    {
        SigStruct real = Real();
        Assert.True(real.Verify());
        Assert.Equal("fb4bab3d6036ac1d730fa83d7366df1dd2dfeac194ef335d6854d8a6c6475542", Convert.ToHexStringLower(real.MrSigner));
        Assert.Equal("784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc", Convert.ToHexStringLower(real.MrEnclave));
        Assert.Equal((4UL, 3UL, 0u), (real.Attributes, real.Xfrm, real.MiscSelect));
    }

    [Theory]
    [InlineData(20)] // date, in the first signed part
    [InlineData(200)] // modulus
    [InlineData(600)] // signature
    [InlineData(928)] // attributes, in the second signed part
    [InlineData(960)] // enclave hash
    [InlineData(1026)] // security version
    [InlineData(1040)] // q1
    [InlineData(1424)] // q2
    public void One_changed_byte_fails(int at)
    {
        foreach (SigStruct whole in new[] { Ours(), Real() })
        {
            byte[] bytes = [.. whole.Bytes];
            bytes[at] ^= 1;
            Assert.True(SigStruct.TryParse(bytes, out SigStruct? changed));
            Assert.False(Verifies(changed), $"a change at {at} was not noticed");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(24)]
    [InlineData(512)]
    public void A_wrong_header_or_exponent_is_no_SIGSTRUCT(int at)
    {
        byte[] bytes = [.. Ours().Bytes];
        bytes[at] ^= 4;
        Assert.False(SigStruct.TryParse(bytes, out _));
        Assert.False(SigStruct.TryParse(bytes.AsSpan(1), out _));
        Assert.False(SigStruct.TryParse([], out _));
    }

    [Fact]
    public void Ours_is_the_same_every_time()
    {
        Assert.True(Ours().Verify());
        Assert.Equal(Ours().Bytes, Ours().Bytes);
        // The masks cover all bits: a signature for debug launches nothing else.
        Assert.Equal(Enumerable.Repeat((byte)0xFF, 16), Ours().Bytes[944..960]);
    }

    [Fact]
    public void Only_RSA_3072_with_exponent_3_signs_enclaves()
    {
        using var key = RSA.Create(2048);
        Assert.Throws<ArgumentException>(() => SigStruct.Sign(new EnclaveIdentity(new byte[32], 4, 3), key));
    }

    // The library refuses some changed keys outright, which is a no as well.
    private static bool Verifies(SigStruct signature)
    {
        try
        {
            return signature.Verify();
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static SigStruct Ours()
    {
        using var key = RSA.Create();
        key.ImportRSAPrivateKey(Convert.FromBase64String(TestEnclaveKey.Pkcs1), out _);
        return SigStruct.Sign(new EnclaveIdentity(EnclaveBlueprint.Smallest().Measure(), 6, 7), key);
    }

    private static SigStruct Real()
    {
        byte[] bytes = File.ReadAllBytes(SharedData.Path("data", "machine", "sgxs", "test_enclave.sig"));
        Assert.True(SigStruct.TryParse(bytes, out SigStruct? signature));
        return signature;
    }
}

namespace Witan.Dstack.Simulator;

/// <summary>
/// Keys and identity values of the simulator that dstack itself ships (sdk/simulator, Apache-2.0). They are published development
/// values, on which tests of the other SDKs rely; nothing real may ever use them.
/// </summary>
internal static class UpstreamFixture
{
    public const string AppName = "guest-agent";

    /// <summary>Certificate of the authority, "O=Dstack, CN=Dstack KMS CA".</summary>
    public const string CaCertificate =
        """
        -----BEGIN CERTIFICATE-----
        MIIBmzCCAUCgAwIBAgIUU7801+krCs2OpIdne3t6OWrJ2fMwCgYIKoZIzj0EAwIw
        KTEPMA0GA1UECgwGRHN0YWNrMRYwFAYDVQQDDA1Ec3RhY2sgS01TIENBMB4XDTc1
        MDEwMTAwMDAwMFoXDTM1MTIxOTAyNTEzOVowKTEPMA0GA1UECgwGRHN0YWNrMRYw
        FAYDVQQDDA1Ec3RhY2sgS01TIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
        GbJFfdm4qmRG2YDxNv/3gS7NbHd0DusOKLENVsDAACiltuWdzqMH1YO9H3B2npwR
        bfK8+xdYqV2GE+feHISCwKNGMEQwDwYDVR0PAQH/BAUDAweGADAdBgNVHQ4EFgQU
        evjJ+VZPvDxHJ2ejjeIaUYMMcEcwEgYDVR0TAQH/BAgwBgEB/wIBATAKBggqhkjO
        PQQDAgNJADBGAiEAvAYUOGbU5QC23zzQtJqm7/hGzVK5SlI0P7yGDii+/4ACIQCN
        bKkagb0uncr6sUKlhKrpHhID+WWTvqJj0TrkvbVdCg==
        -----END CERTIFICATE-----
        """;

    public static byte[] K256Key => Convert.FromHexString("d6e88992cdeeee35fe70b5db61ab66cdb191fb9b6ec9313757ef162dd7214d5d");

    public static byte[] K256Signature => Convert.FromHexString(
        "9e618603e72d01fedb82deff6daf2d62a572becf0059eec3f89c1ab40e1f2e594d2a283f843f34e8f39e4cc49a612496ce67223a12ac923f8efe330346dfc6c500");

    /// <summary>Key of <see cref="CaCertificate"/> as a P-256 scalar.</summary>
    public static byte[] CaKey => Convert.FromHexString("d4f60214a61f0e651fbf97e4b2da696ac7f898f1aa9f3d1f1282c49c6c7c0a72");

    public static byte[] AppId => Convert.FromHexString("5bb4ff9a3837357f19dc176407a5709c62eb6c56");

    public static byte[] InstanceId => Convert.FromHexString("1691ed1b47506cad7d08834668691d88246f5b1f");

    public static byte[] ComposeHash => Convert.FromHexString("c143116fef3940e7f776bfc0919c256232ae5338a6e948c96b711e0b2383483a");

    public static byte[] OsImageHash => Convert.FromHexString("e61be43dd1cc6a6f5edefd7c51b608983780839b0000ce60dd99737dcffe09b9");
}

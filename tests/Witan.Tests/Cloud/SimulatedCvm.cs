using System.Security.Cryptography;
using System.Text;
using Witan.Dstack.ComposeCheck;

namespace Witan.Tests.Cloud;

/// <summary>One CVM of the test's Phala Cloud.</summary>
internal sealed class SimulatedCvm(string name, string appId, string compose, DateTimeOffset started)
{
    public string Name { get; } = name;

    public string AppId { get; } = appId;

    public string VmUuid { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("vm " + name)))[..32];

    public string Compose { get; set; } = compose;

    public string? Proposed { get; set; }

    public IReadOnlyList<string> AllowedEnvs { get; set; } = [];

    public IReadOnlyList<string> ProposedEnvs { get; set; } = [];

    public DateTimeOffset Started { get; set; } = started;

    public string? EncryptedEnvironment { get; set; }

    public static string AppIdOf(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("app " + name)))[..40];

    public static string HashOf(string compose) => Convert.ToHexStringLower(SHA256.HashData(EnvelopeOf(compose)));

    /// <summary>What this platform's server makes of a compose file.</summary>
    public static byte[] EnvelopeOf(string compose) => new AppComposeSettings { Name = "app" }.Write(compose);
}

using System.CommandLine;
using System.Security.Cryptography;
using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary>The options of <c>witan verify</c> that speak of attestation result tokens, to make them and to check them.</summary>
internal sealed class TokenOptions
{
    private const string DefaultAudience = "witan";

    private readonly Option<bool> _token = new("--token") { Description = "write the result as a signed token (EAR, JWT) to standard output, and the text to standard error" };
    private readonly Option<string> _profile = new("--token-profile") { Description = "spelling of the token: veraison (default) or rats-03", DefaultValueFactory = _ => "veraison" };
    private readonly Option<string?> _key = new("--token-key") { Description = "the key that signs tokens: EC P-256 or P-384 in PEM" };
    private readonly Option<int> _lifetime = new("--token-lifetime") { Description = "how many seconds a token lives (default: 300)", DefaultValueFactory = _ => (int)AttestationResultToken.DefaultLifetime.TotalSeconds };
    private readonly Option<string?> _jwks = new("--jwks") { Description = "the issuer's public keys: read to check tokens; with --token the signing key is added to the file" };
    private readonly Option<string> _audience = new("--audience") { Description = $"for whom a token is, or must be (default: {DefaultAudience})", DefaultValueFactory = _ => DefaultAudience };
    private readonly Option<string?> _nonce = new("--nonce") { Description = "the nonce of a token, 18 to 128 hexadecimal digits (default: the evidence's report data; unchecked)" };
    private readonly Option<string?> _issuer = new("--issuer") { Description = "who issues a token, or must have issued it" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _token, _profile, _key, _lifetime, _jwks, _audience, _nonce, _issuer })
            command.Options.Add(option);
    }

    /// <summary>What signs tokens; null where none are asked for.</summary>
    public TokenIssuer? Issuer(ParseResult parsed, bool simulated)
    {
        if (!parsed.GetValue(_token))
            return parsed.GetValue(_key) is null ? null : throw new CommandException("--token-key signs tokens, and none is asked for", "add --token");
        int lifetime = parsed.GetValue(_lifetime);
        if (lifetime is < 1 or > 86400)
            throw new CommandException("--token-lifetime takes 1 to 86400 seconds");
        var issuer = new TokenIssuer(
            Key(parsed.GetValue(_key)),
            parsed.GetValue(_profile) switch
            {
                "veraison" => EarProfile.Veraison2023,
                "rats-03" => EarProfile.Rats03,
                string other => throw new CommandException($"there is no token profile {other}", "veraison or rats-03"),
                null => EarProfile.Veraison2023,
            },
            parsed.GetValue(_issuer) ?? (simulated ? "witan-verify-simulated" : "witan-verify"),
            parsed.GetValue(_audience)!,
            Nonce(parsed.GetValue(_nonce)),
            TimeSpan.FromSeconds(lifetime));
        if (parsed.GetValue(_jwks) is { } path)
            TokenKeys.Publish(path, issuer.PublicKey);
        return issuer;
    }

    /// <summary>What checks tokens; null where no file is one.</summary>
    public TokenFile? Checker(ParseResult parsed, byte[][] contents)
    {
        if (!Array.Exists(contents, content => AttestationResultToken.Resembles(content)))
            return null;
        string keys = parsed.GetValue(_jwks) ?? throw new CommandException("a token is checked with its issuer's public keys", "give them with --jwks FILE");
        return new TokenFile(TokenKeys.Read(keys), new TokenExpectations
        {
            Audience = parsed.GetValue(_audience)!,
            Nonce = Nonce(parsed.GetValue(_nonce)),
            Issuer = parsed.GetValue(_issuer),
        });
    }

    private static ECDsa Key(string? path)
    {
        const string Hint = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem";
        if (path is null)
            throw new CommandException("--token needs a key that signs", $"give it with --token-key FILE; make one with: {Hint}");
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(System.Text.Encoding.UTF8.GetString(InputFile.Read(path, 1 << 16)));
            _ = JsonWebKey.Of(key);
            key.SignHash(new byte[32]);
            return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new CommandException($"{path} is no private key of P-256 or P-384 in PEM", $"make one with: {Hint}");
        }
    }

    private static byte[] Nonce(string? text)
    {
        if (text is null)
            return [];
        return text.Length is >= 18 and <= 128 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new CommandException("--nonce takes 18 to 128 hexadecimal digits");
    }
}

using System.Text.RegularExpressions;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>Tells secrets from settings, by the name of a variable and by well-known shapes of keys. Values are never printed.</summary>
internal static partial class SecretValue
{
    private static readonly HashSet<string> SecretWords = new(StringComparer.Ordinal)
    {
        "SECRET", "PASSWORD", "PASSWD", "PWD", "PASSPHRASE", "MNEMONIC", "CREDENTIAL", "CREDENTIALS", "TOKEN", "APIKEY",
    };

    private static readonly HashSet<string> KeyWords = new(StringComparer.Ordinal)
    {
        "API", "PRIVATE", "ACCESS", "SECRET", "ENCRYPTION", "SIGNING", "MASTER", "ACCOUNT", "SERVICE", "AUTH",
    };

    /// <summary>Whether a literal looks like a secret. References, file names and empty values do not.</summary>
    public static bool IsSecret(string name, string value)
    {
        string bare = value.Trim().Trim('"', '\'');
        if (bare.Length < 4 || bare.Contains("${", StringComparison.Ordinal) || bare is "true" or "false" || bare[0] is '/' or '$')
            return false;
        return NamesSecret(name) || KnownKey().IsMatch(bare);
    }

    private static bool NamesSecret(string name)
    {
        string[] words = name.ToUpperInvariant().Split('_', StringSplitOptions.RemoveEmptyEntries);
        if (words is [.., "FILE" or "PATH" or "DIR" or "TTL"] or [])
            return false;
        return SecretWords.Contains(words[^1])
            || (words.Length > 1 && words[^1] == "KEY" && KeyWords.Contains(words[^2]))
            || (words.Length > 1 && words[^1] == "PHRASE" && words[^2] == "SEED");
    }

    // Prefixes that issuers chose so that leaked keys can be found, PEM private keys, and passwords inside addresses.
    [GeneratedRegex(
        @"^(sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|AKIA[0-9A-Z]{16}|xox[abpr]-[\w-]{10,}|phak_\w{10,}|glpat-[\w-]{20,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*$|ed25519:[1-9A-HJ-NP-Za-km-z]{60,})|-----BEGIN [A-Z ]*PRIVATE KEY-----|^[a-z][a-z0-9+.-]*://[^/@:\s]*:[^/@\s]+@",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex KnownKey();
}

using System.Text.RegularExpressions;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>Tells secrets from settings, by the name of a variable and by well-known shapes of keys. Values are never printed.</summary>
internal static partial class SecretValue
{
    private static readonly HashSet<string> SecretWords = new(StringComparer.Ordinal)
    {
        "SECRET", "PASSWORD", "PASSWD", "PASS", "PWD", "PASSPHRASE", "MNEMONIC", "CREDENTIAL", "CREDENTIALS", "TOKEN", "APIKEY",
        "PRIVKEY", "PRIVATEKEY", "SECRETKEY",
    };

    private static readonly HashSet<string> KeyWords = new(StringComparer.Ordinal)
    {
        "API", "PRIVATE", "ACCESS", "SECRET", "ENCRYPTION", "SIGNING", "MASTER", "ACCOUNT", "SERVICE", "AUTH",
    };

    /// <summary>
    /// Whether a literal looks like a secret. References, file names, small numbers, addresses on a chain, placeholders and empty values do not; what a
    /// reference gives where its variable is not set is a literal too.
    /// </summary>
    public static bool IsSecret(string name, string value)
    {
        if (IsKnownKey(value))
            return true;
        string bare = Bare(value);
        // "Bearer ${TOKEN}" is no secret. A short default is a placeholder: none, null, unset.
        bool whole = VariableReference.In(value).Count == 0 ? bare.Length >= 4 : value.Trim() is ['$', '{', .., '}'] && bare.Length >= 8;
        return whole && bare is not ("true" or "false") && bare[0] != '/' && NamesSecret(name) && !NoSecret().IsMatch(bare);
    }

    /// <summary>Whether a text has the shape that an issuer gives its keys, is a private key, or is an address with a password.</summary>
    public static bool IsKnownKey(string value) => KnownKey().IsMatch(Bare(value));

    private static string Bare(string value) => VariableReference.Literals(value).Trim().Trim('"', '\'');

    private static bool NamesSecret(string name)
    {
        string[] words = name.ToUpperInvariant().Split('_', StringSplitOptions.RemoveEmptyEntries);
        if (words is [.., "FILE" or "PATH" or "DIR" or "TTL"] or [])
            return false;
        return SecretWords.Contains(words[^1])
            || (words.Length > 1 && words[^1] == "KEY" && KeyWords.Contains(words[^2]))
            || words is [.., "SEED", "PHRASE"] or [.., "SECRET", "KEY", "BASE"];
    }

    // A limit, a switch or a port; a contract's address; a mark of a model's text; what stands there until somebody writes the secret.
    [GeneratedRegex(
        @"^([0-9]{1,7}(\.[0-9]+)?|0x[0-9a-fA-F]{40}|<[^<>]*>|your[-_ ].*|change[-_ ]?me.*)$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex NoSecret();

    // Prefixes that issuers chose so that leaked keys can be found, PEM private keys, and passwords inside addresses.
    [GeneratedRegex(
        @"(^|[\s""'=:,])(sk-[A-Za-z0-9_-]{16,}|[sr]k_live_\w{16,}|whsec_\w{16,}|hf_[A-Za-z0-9]{30,}|AIza[\w-]{35}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|AKIA[0-9A-Z]{16}|xox[abpr]-[\w-]{10,}|phak_\w{10,}|glpat-[\w-]{20,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|ed25519:[1-9A-HJ-NP-Za-km-z]{60,})|-----BEGIN [A-Z ]*PRIVATE KEY-----|(^|[\s""'=,])[a-z][a-z0-9+.-]*://[^/@:\s]*:[^/@\s]+@",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex KnownKey();
}

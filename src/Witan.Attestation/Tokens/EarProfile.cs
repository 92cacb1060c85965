namespace Witan.Attestation;

/// <summary>The spelling of an attestation result. A token has one of them throughout; the caller chooses.</summary>
public enum EarProfile
{
    /// <summary><c>tag:github.com,2023:veraison/ear</c>, names with dots: what the libraries in use speak. The default.</summary>
    Veraison2023,

    /// <summary><c>tag:ietf.org,2026:rats/ear#03</c>, names with underscores: the current draft.</summary>
    Rats03,
}

/// <summary>The names that differ between the profiles.</summary>
internal sealed record EarNames(
    EarProfile Profile, string Tag, string TokenType, char Separator, string VerifierId, string Status, string Vector, string Policy, string KeyAttestation)
{
    /// <summary>Our own claim: a map, under the same name in both profiles. A UUID collides with nobody's.</summary>
    public const string Extension = "urn:uuid:460f3476-4c58-4e29-9730-1a14e92757f7";

    private static readonly EarNames Veraison = new(
        EarProfile.Veraison2023, "tag:github.com,2023:veraison/ear", "JWT", '.', "ear.verifier-id", "ear.status", "ear.trustworthiness-vector", "ear.appraisal-policy-id", "ear.veraison.key-attestation");

    private static readonly EarNames Rats = new(
        EarProfile.Rats03, "tag:ietf.org,2026:rats/ear#03", "eat-jwt", '_', "ear_verifier_id", "ear_status", "ear_trustworthiness_vector", "ear_appraisal_policy_ids", "ear_veraison_key_attestation");

    public static EarNames Of(EarProfile profile) => profile == EarProfile.Veraison2023 ? Veraison : Rats;

    /// <summary>The names of a profile by its tag; null for one that is not known.</summary>
    public static EarNames? Of(string tag) => tag == Veraison.Tag ? Veraison : tag == Rats.Tag ? Rats : null;

    /// <summary>Whether a name belongs to the other profile.</summary>
    public bool IsForeign(string name) => name.StartsWith("ear", StringComparison.Ordinal) && name.Length > 3 && name[3] is '.' or '_' && name[3] != Separator;
}

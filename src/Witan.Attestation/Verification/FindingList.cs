namespace Witan.Attestation;

/// <summary>Collects findings in the order of the checks, so that the first is the primary one.</summary>
internal sealed class FindingList
{
    private readonly List<Finding> _findings = [];

    public IReadOnlyList<Finding> All => _findings;

    public bool HasErrors => _findings.Exists(finding => finding.Severity == FindingSeverity.Error);

    public void Add(Finding finding) => _findings.Add(finding);

    public void AddRange(IEnumerable<Finding> findings) => _findings.AddRange(findings);

    /// <summary>Adds an error against the evidence or a document; returns false, so that a check can end with it.</summary>
    public bool Fail(string code, string subject, string message, FindingActor actor, string? remedy = null, string? evidence = null)
    {
        Add(new Finding(code, FindingSeverity.Error, message) { Subject = subject, Actor = actor, Remedy = remedy ?? FindingCatalog.Find(code)?.Remedy, Evidence = evidence });
        return false;
    }

    /// <summary>Adds what is authentic but not fresh: undecided, until something newer is fetched.</summary>
    public void Stale(string code, string subject, string message) => Add(new Finding(code, FindingSeverity.Undecided, message)
    {
        Subject = subject,
        Actor = FindingActor.VerifierOperator,
        // Intel issues the signing certificate anew under the same key.
        Remedy = code == "TCB_SIGNING_CERT_EXPIRED"
            ? "Fetch the collateral again: its signing certificate was issued anew, most likely under the same key."
            : "Fetch current collateral, or state the moment the evidence belongs to.",
    });

    /// <summary>Adds what could not be decided, with what the verifier's operator can do about it; returns false, like <see cref="Fail"/>.</summary>
    public bool Undecided(string code, string subject, string message, string remedy, string? evidence = null)
    {
        Add(new Finding(code, FindingSeverity.Undecided, message) { Subject = subject, Actor = FindingActor.VerifierOperator, Remedy = remedy, Evidence = evidence });
        return false;
    }

    /// <summary>
    /// Makes warnings of errors: what unverified text says speaks against nobody. The verdict stays undecided, by what was missing.
    /// </summary>
    public void LowerErrors()
    {
        for (int i = 0; i < _findings.Count; i++)
        {
            if (_findings[i].Severity == FindingSeverity.Error)
                _findings[i] = _findings[i] with { Severity = FindingSeverity.Warning };
        }
    }

    public void Note(string code, string subject, string message) =>
        Add(new Finding(code, FindingSeverity.Note, message) { Subject = subject });
}

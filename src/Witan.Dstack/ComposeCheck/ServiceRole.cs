namespace Witan.Dstack.ComposeCheck;

/// <summary>What a service of a compose file is to this product.</summary>
public enum ServiceRole
{
    /// <summary>Something else: a database, a proxy.</summary>
    Other,

    /// <summary>Runs the coordinator.</summary>
    Coordinator,

    /// <summary>Runs a worker.</summary>
    Worker,

    /// <summary>Runs a trustee.</summary>
    Trustee,
}

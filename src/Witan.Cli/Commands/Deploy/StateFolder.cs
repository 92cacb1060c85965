namespace Witan.Cli.Commands.Deploy;

/// <summary>Where the state of deployments is kept: <c>$XDG_STATE_HOME/witan/deployments</c>, else below <c>~/.local/state</c>.</summary>
internal static class StateFolder
{
    public static string Path
    {
        get
        {
            string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
            string root = string.IsNullOrEmpty(state)
                ? System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state")
                : state;
            return System.IO.Path.Combine(root, "witan", "deployments");
        }
    }
}

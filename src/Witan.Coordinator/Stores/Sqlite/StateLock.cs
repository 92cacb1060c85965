using System.Globalization;
using System.Text;

namespace Witan.Coordinator.Stores.Sqlite;

/// <summary>
/// One coordinator for one state directory: an advisory lock that the kernel frees when the process ends, however it ends. The
/// file says which process has it.
/// </summary>
internal sealed class StateLock : IDisposable
{
    // EAGAIN: the lock is another's. Every other failure is the disk's, and says so itself.
    private const int HeldByAnother = 11;
    private readonly FileStream _file;

    private StateLock(FileStream file) => _file = file;

    /// <summary>Locks a directory. Throws <see cref="StoreException"/> that names the process which has it.</summary>
    public static StateLock Take(string directory)
    {
        string path = Path.Combine(directory, "coordinator.lock"), owner = Path.Combine(directory, "coordinator.pid");
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(owner, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Encoding.ASCII);
            return new StateLock(file);
        }
        catch (IOException e) when (e.HResult == HeldByAnother && File.Exists(owner))
        {
            throw new StoreException($"a coordinator is already running on {directory} (process {File.ReadAllText(owner)}); several coordinators need PostgreSQL", e);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();
}

namespace OrleansServe.Model.Checkpoints;

/// <summary>
/// Knows whether an open checkpoint's weights are still those of its fingerprint, for whoever goes on reading from it: looks at size and modification time of every weight file, and hashes
/// the weights anew where a time has changed. Not for several threads at once.
/// </summary>
public sealed class CheckpointGuard
{
    private readonly Checkpoint _checkpoint;
    private readonly string _fingerprint;
    private readonly WeightFormat _format;
    private readonly ExpertRowFormat _rows;
    private readonly DateTime[] _modified;

    /// <param name="checkpoint">The open checkpoint; stays the caller's.</param>
    /// <param name="fingerprint">Its fingerprint, in hexadecimal.</param>
    /// <param name="format">Numbers in which matrices are kept; the fingerprint is of these.</param>
    /// <param name="rows">Numbers in which rows go to routed experts; the fingerprint is of these too.</param>
    public CheckpointGuard(Checkpoint checkpoint, string fingerprint, WeightFormat format, ExpertRowFormat rows)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(fingerprint);
        _checkpoint = checkpoint;
        _fingerprint = fingerprint;
        _format = format;
        _rows = rows;
        _modified = [.. checkpoint.Files.Select(file => file.ModifiedUtc)];
    }

    /// <summary>Makes sure of the weights. Takes long where a file was touched and its bytes are the same.</summary>
    /// <param name="cancellation">Ends the hashing.</param>
    /// <exception cref="ModelFormatException">A file is gone, has another length, or its weights are others.</exception>
    public void Require(CancellationToken cancellation = default)
    {
        if (!HasChanged(out var modified))
        {
            return;
        }

        var found = WeightsFingerprint.Compute(_checkpoint, progress: null, cancellation).As(_format, _rows).Hex;
        if (found != _fingerprint)
        {
            throw new ModelFormatException(_checkpoint.Folder, "weights", $"have changed on disk: their fingerprint is {found}, not {_fingerprint}, which is served");
        }

        // Written to meanwhile: it will be looked at anew.
        modified.CopyTo(_modified, 0);
    }

    private bool HasChanged(out DateTime[] modified)
    {
        var changed = false;
        modified = new DateTime[_modified.Length];
        for (var i = 0; i < modified.Length; i++)
        {
            modified[i] = ModifiedOf(_checkpoint.Files[i]);
            changed |= modified[i] != _modified[i];
        }

        return changed;
    }

    private static DateTime ModifiedOf(SafetensorsFile opened)
    {
        try
        {
            // Through a handle, as when it was opened: the path may be a link.
            using var handle = File.OpenHandle(opened.FullPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(handle);

            // Beyond a new end the mapping has no pages any more: nothing is read to find out what they are.
            return length == opened.Length
                ? File.GetLastWriteTimeUtc(handle)
                : throw new ModelFormatException(opened.FullPath, "file size", $"was {opened.Length} bytes when it was opened, is {length}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(opened.FullPath, "", $"cannot be looked at any more ({e.Message})", e);
        }
    }
}

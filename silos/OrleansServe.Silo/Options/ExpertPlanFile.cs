using System.Text.Json;

namespace OrleansServe.Silo.Options;

/// <summary>Reads which experts each shard of a cluster begins with: <c>[[0, 1], [2, 3, 4]]</c>. Whether they are the model's is seen once that is known.</summary>
internal static class ExpertPlanFile
{
    private const long MostBytes = 1 << 20;
    private const int MostShards = 4096;
    private const int MostExperts = 4096;

    /// <exception cref="FormatException">The file cannot be read or is no such list; the message names the first fault.</exception>
    public static IReadOnlyList<IReadOnlyList<int>> Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MostBytes)
            {
                throw new FormatException($"{path} has at most {MostBytes} bytes, has {stream.Length}");
            }

            using JsonDocument document = JsonDocument.Parse(stream, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return ReadShards(document.RootElement, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"{path}: {exception.Message}", exception);
        }
    }

    private static List<IReadOnlyList<int>> ReadShards(JsonElement root, string path)
    {
        if (root.ValueKind != JsonValueKind.Array || root.GetArrayLength() is 0 or > MostShards)
        {
            throw new FormatException($"{path} must be a list of 1 to {MostShards} shards, each a list of experts");
        }

        List<IReadOnlyList<int>> shards = [];
        foreach (JsonElement shard in root.EnumerateArray())
        {
            if (shard.ValueKind != JsonValueKind.Array || shard.GetArrayLength() > MostExperts)
            {
                throw new FormatException($"{path}: shard {shards.Count} must be a list of at most {MostExperts} experts");
            }

            shards.Add([.. shard.EnumerateArray().Select(expert => expert.ValueKind == JsonValueKind.Number && expert.TryGetInt32(out int id) && id is >= 0 and < MostExperts
                ? id
                : throw new FormatException($"{path}: shard {shards.Count}: an expert must be a number in 0..{MostExperts - 1}, not {expert.GetRawText()}"))]);
        }

        return shards;
    }
}

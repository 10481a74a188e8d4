using System.Text.Json;

using OrleansServe.Policies.Pricing;

namespace OrleansServe.Silo.Options;

/// <summary>Reads a price list from JSON.</summary>
internal static class PriceFile
{
    private const long MostBytes = 1 << 20;

    /// <summary>Reads and checks.</summary>
    /// <exception cref="FormatException">Something is wrong with it; the message lists all that a price list can have wrong, or names the first thing that is no price list.</exception>
    public static PriceList Read(string path)
    {
        PriceList list = Parse(path);
        IReadOnlyList<string> faults = PriceListValidator.Faults(list);
        return faults.Count == 0 ? list : throw new FormatException($"{path}: {string.Join("; ", faults)}");
    }

    private static PriceList Parse(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MostBytes)
            {
                throw new FormatException($"{path} has at most {MostBytes} bytes, has {stream.Length}");
            }

            using JsonDocument document = JsonDocument.Parse(stream, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return ReadList(new PriceFields(document.RootElement, path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"{path}: {exception.Message}", exception);
        }
    }

    private static PriceList ReadList(PriceFields fields)
    {
        fields.AllowOnly("time_zone", "gpu_hour_usd", "gpus_per_node", "models");
        return new PriceList
        {
            TimeZone = fields.Text("time_zone", "UTC"),
            GpuHourPrice = fields.Money("gpu_hour_usd", 0),
            GpusPerNode = fields.Count("gpus_per_node", 1),
            Models = [.. fields.Items("models").Select(ReadModel)],
        };
    }

    private static ModelPrices ReadModel(PriceFields fields)
    {
        fields.AllowOnly("model", "input_cache_hit", "input_cache_miss", "output", "off_peak");
        return new ModelPrices
        {
            Model = fields.Text("model", PriceList.AnyModel),
            Usual = new TokenPrices(fields.Money("input_cache_hit", null), fields.Money("input_cache_miss", null), fields.Money("output", null)),
            OffPeak = [.. fields.Items("off_peak").Select(ReadWindow)],
        };
    }

    private static OffPeakWindow ReadWindow(PriceFields fields)
    {
        fields.AllowOnly("days", "from", "to", "discount");
        OffPeakWindow window = new() { From = fields.Time("from"), To = fields.Time("to"), Discount = fields.Money("discount", null) };
        return fields.Days("days") is { } days ? window with { Days = days } : window;
    }
}

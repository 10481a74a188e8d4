using System.Globalization;
using System.Text.Json;

namespace OrleansServe.Silo.Options;

/// <summary>The fields of a JSON object. What is wrong with one is added to a list, and its default goes on in its place, so that one reading finds every fault.</summary>
/// <param name="element">The object.</param>
/// <param name="place">Where it stands, for messages; empty for the whole file.</param>
/// <param name="faults">Receives what is wrong.</param>
internal sealed class ScalingFields(JsonElement element, string place, List<string> faults)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public int Count(string name, int fallback) => Read(name, "a whole number", fallback, value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) ? (true, count) : default);

    public int? OptionalCount(string name) =>
        Read<int?>(name, "a whole number", null, value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) ? (true, count) : default);

    public double Number(string name, double fallback) => Read(name, "a number", fallback, value => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()) ? (true, value.GetDouble()) : default);

    public decimal Money(string name, decimal fallback) => Read(name, "a decimal number", fallback, value => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal money) ? (true, money) : default);

    public string Text(string name, string fallback) => Read(name, "a text", fallback, value => value.ValueKind == JsonValueKind.String ? (true, value.GetString()!) : default);

    public string? OptionalText(string name) => Read<string?>(name, "a text", null, value => value.ValueKind == JsonValueKind.String ? (true, value.GetString()) : default);

    public Uri Address(string name, Uri fallback) => Read(name, "an address as https://host:port", fallback, value =>
        value.ValueKind == JsonValueKind.String && Uri.TryCreate(value.GetString(), UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps) ? (true, address) : default);

    public TimeSpan Seconds(string name, TimeSpan fallback) => Read(
        name, "seconds, in 0..1000000", fallback, value => value.ValueKind == JsonValueKind.Number && value.GetDouble() is >= 0 and <= 1e6 ? (true, TimeSpan.FromSeconds(value.GetDouble())) : default);

    /// <summary>A time of the day, which must be there.</summary>
    public TimeOnly Time(string name)
    {
        if (!element.TryGetProperty(name, out _))
        {
            faults.Add($"{Path(name)} is missing");
        }

        return Read(name, "a time as 16:30", default, value =>
            value.ValueKind == JsonValueKind.String && TimeOnly.TryParseExact(value.GetString(), "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time) ? (true, time) : default);
    }

    /// <summary>Days of the week; null if left out.</summary>
    public IReadOnlyList<DayOfWeek>? Days(string name) => Read<IReadOnlyList<DayOfWeek>?>(name, "an array of days as Monday", null, value =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(day => day.ValueKind == JsonValueKind.String && Enum.GetNames<DayOfWeek>().Contains(day.GetString()))
            ? (true, [.. value.EnumerateArray().Select(day => Enum.Parse<DayOfWeek>(day.GetString()!))])
            : default);

    /// <summary>An object's fields; the fallback if it is left out.</summary>
    public T Object<T>(string name, T fallback, Func<ScalingFields, T> read) => Read(name, "an object", fallback, value =>
        value.ValueKind == JsonValueKind.Object ? (true, Whole(value, Path(name), read)) : default);

    /// <summary>Objects of an array; none if it is left out.</summary>
    public IReadOnlyList<T> Items<T>(string name, Func<ScalingFields, T> read) => Read<IReadOnlyList<T>>(name, "an array of objects", [], value =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object)
            ? (true, [.. value.EnumerateArray().Select((item, i) => Whole(item, $"{Path(name)}[{i}]", read))])
            : default);

    /// <summary>Reads, and refuses fields that nobody asked for, which would be typing errors taken for nothing.</summary>
    public T Whole<T>(Func<ScalingFields, T> read)
    {
        T value = read(this);
        faults.AddRange(element.EnumerateObject().Where(property => !_known.Contains(property.Name)).Select(property => $"{Path(property.Name)}: no such field; there are {string.Join(", ", _known)}"));
        return value;
    }

    private T Whole<T>(JsonElement value, string path, Func<ScalingFields, T> read) => new ScalingFields(value, path, faults).Whole(read);

    private T Read<T>(string name, string wanted, T fallback, Func<JsonElement, (bool Fits, T Value)> convert)
    {
        _known.Add(name);
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            return fallback;
        }

        (bool fits, T converted) = convert(value);
        if (fits)
        {
            return converted;
        }

        faults.Add($"{Path(name)} must be {wanted}, is {value.GetRawText()}");
        return fallback;
    }

    private string Path(string name) => place.Length > 0 ? $"{place}.{name}" : name;
}

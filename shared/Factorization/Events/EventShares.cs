using System.Runtime.InteropServices;

namespace Recommender.Factorization.Events;

/// <summary>
/// Combines the events of one user: computes the remaining share of each event among those of the same item and type, by the rules of <see
/// cref="EventWeights"/>. The result depends on times and values and not on the order of adding, except that among newest events of equal
/// time the last one added counts.
/// </summary>
/// <remarks>A reusable workspace; not thread-safe.</remarks>
public sealed class EventShares
{
    /// <summary>Relative difference below which sums of quantities are equal, because values are stored in single precision.</summary>
    private const double Tolerance = 1e-6;

    private readonly List<Event> _events = [];
    private readonly Dictionary<(int Item, string Type), Tally> _tallies = new(new PairComparer());
    private float[] _shares = [];
    private bool _isTrivial = true;

    /// <summary>Whether the shares of all events of a pair are 1 as long as all of them are of this kind.</summary>
    /// <param name="value">NaN where the event has none.</param>
    public static bool IsTrivial(EventTypeSettings settings, double value) =>
        !settings.IsLatest && (double.IsNaN(value) ? !settings.RequiresValue : value > 0 || settings.BelowZero == NegativeValueUse.Ignore);

    /// <summary>Removes all events, for the next user.</summary>
    public void Clear()
    {
        _events.Clear();
        _isTrivial = true;
    }

    /// <param name="item">Any number that identifies the item.</param>
    /// <param name="value">NaN where the event has none.</param>
    /// <param name="time">In any unit.</param>
    public void Add(int item, string type, EventTypeSettings settings, double value, long time)
    {
        _events.Add(new Event(item, type, settings, value, time));
        _isTrivial &= IsTrivial(settings, value);
    }

    /// <summary>The share of each event in the order of adding, 0 to 1. Valid until the next call.</summary>
    public ReadOnlySpan<float> Compute()
    {
        if (_shares.Length < _events.Count) _shares = new float[Math.Max(_events.Count, 2 * _shares.Length)];
        var result = _shares.AsSpan(0, _events.Count);
        result.Fill(1);
        if (_isTrivial) return result;
        _tallies.Clear();
        for (int i = 0; i < _events.Count; i++) Count(_events[i], i);
        for (int i = 0; i < _events.Count; i++) result[i] = ShareOf(_events[i], i);
        return result;
    }

    private void Count(in Event e, int index)
    {
        if (double.IsNaN(e.Value) && e.Settings.RequiresValue) return;
        ref var tally = ref CollectionsMarshal.GetValueRefOrAddDefault(_tallies, (e.Item, e.Type), out bool known);
        if (!known || e.Time >= tally.NewestTime) (tally.NewestTime, tally.NewestIndex) = (e.Time, index);
        double quantity = QuantityOf(e);
        if (e.Settings.SignOf(e.Value) > 0) tally.Given += quantity;
        else tally.Taken += quantity;
    }

    private float ShareOf(in Event e, int index)
    {
        if (double.IsNaN(e.Value) && e.Settings.RequiresValue) return 0;
        var tally = _tallies[(e.Item, e.Type)];
        if (e.Settings.IsLatest) return tally.NewestIndex == index ? 1 : 0;
        if (e.Settings.BelowZero == NegativeValueUse.Ignore) return 1;
        return e.Settings.SignOf(e.Value) > 0 ? Left(tally.Given, tally.Taken) : Left(tally.Taken, tally.Given);
    }

    private static float Left(double own, double other)
    {
        if (other == 0) return 1;
        double left = own - other;
        return left <= Tolerance * own ? 0 : (float)(left / own);
    }

    /// <summary>The quantity of a sign is one; its magnitude is ignored.</summary>
    private static double QuantityOf(in Event e) =>
        double.IsNaN(e.Value) ? 1 : e.Settings.Value == ValueUse.Ignore ? Math.Abs(Math.Sign(e.Value)) : Math.Abs(e.Value);

    private readonly record struct Event(int Item, string Type, EventTypeSettings Settings, double Value, long Time);

    private struct Tally
    {
        public double Given;
        public double Taken;
        public long NewestTime;
        public int NewestIndex;
    }

    /// <summary>Type names are compared case-insensitively, as in the settings.</summary>
    private sealed class PairComparer : IEqualityComparer<(int Item, string Type)>
    {
        public bool Equals((int Item, string Type) x, (int Item, string Type) y) => x.Item == y.Item
            && StringComparer.OrdinalIgnoreCase.Equals(x.Type, y.Type);

        public int GetHashCode((int Item, string Type) pair) =>
            HashCode.Combine(pair.Item, StringComparer.OrdinalIgnoreCase.GetHashCode(pair.Type));
    }
}
